"""The only door to ONNX Runtime where models are used: open a network, with nothing of it outside its file.

ONNX Runtime rearranges a network for the processor each time it opens one. To keep the result was tried and given up:
it saved 20 to 45 ms of a cold start of 0.6 s, and took a folder, a secret and a seal of its own.
"""

from __future__ import annotations

import onnxruntime

from lennox.errors import ModelError
from lennox.system.process import return_free_memory

onnxruntime.disable_telemetry_events()  # `import lennox` has said so already, but not to one that was loaded before


def open_session(weights: bytes, name: str, threads: int, *, small: bool = False) -> onnxruntime.InferenceSession:
    """A session on a network, ready to run.

    weights : an ONNX file that was checked already, nothing of it outside
    name : of the model, for the error
    threads : within one image
    small : keep no memory between runs; for a network that is run once an image and is over at once
    Raises ModelError if ONNX Runtime cannot open it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = options.enable_mem_pattern = not small
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning starves the other workers
    # Nothing outside is opened, even if a network could hide from us that it has weights there.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", "/dev/null/none")
    try:
        session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # ONNX Runtime's own errors share no public base class
        raise ModelError(f"{name}: model.onnx is not a network that ONNX Runtime can open.") from error
    session._model_bytes = None  # its own hold on the weights; only a change of provider would need them
    return_free_memory()  # optimising takes 30 MB that the allocator would keep
    return session
