"""One engine in a process of its own, so that its idle threads disturb no other; see `Engine` in conftest.py.

    python engine.py ENGINE MODEL INPUT ANSWER

Runs once, saves the answer, says "ready"; then runs once for every line on stdin and prints the CPU seconds it took.
INPUT is a film for the engines that read films, else a tensor (1, 1, rows, columns) float32.
"""

import sys
import time
from functools import partial
from pathlib import Path

import numpy as np


def lennox(model, tensor):
    """What `diagnose` calls for a film."""
    from lennox.geometry import Placement
    from lennox.inference.load import load_candidate
    from lennox.inference.prepare import Prepared

    sides = tensor.shape[2:]
    prepared, loaded = Prepared(tensor, Placement.letterbox(*sides, *sides)), load_candidate(model, "benchmark")
    return lambda: loaded.predict(prepared).probability_map.values


def pytorch(model, tensor, *, fold=False):
    import torch
    from pytorch_network import folded, load

    torch.set_num_threads(1)
    network = folded(load(model)) if fold else load(model)
    layout = torch.channels_last if fold else torch.contiguous_format
    image = torch.from_numpy(tensor).contiguous(memory_format=layout)

    def run():
        with torch.inference_mode():
            return network(image)[0][0].numpy()

    return run


def openvino(model, tensor):
    """In float32: its default on processors with bfloat16 gives other answers than on those without."""
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
    }  # fmt: skip
    network = openvino.Core().compile_model(str(model / "model.onnx"), "CPU", settings)
    request = network.create_infer_request()
    return lambda: request.infer([tensor])["probability"][0]


def lennox_film(model, film):
    from lennox import diagnose, read_image
    from lennox.inference.load import load_candidate

    loaded = load_candidate(model, "benchmark")
    return lambda: np.array([diagnose(read_image(film), loaded, threshold=0.001).probability])


def pytorch_film(model, film):
    import torch
    from pytorch_script import diagnose

    torch.set_num_threads(1)
    network = torch.load(model, weights_only=False)
    return lambda: np.array([diagnose(film, network)["probability"]])


ENGINES = {
    "lennox": lennox, "pytorch": pytorch, "pytorch-folded": partial(pytorch, fold=True), "openvino": openvino,
    "lennox-film": lennox_film, "pytorch-film": pytorch_film,
}  # fmt: skip

if __name__ == "__main__":
    name, model, given, answer = sys.argv[1:]
    sys.path.insert(0, str(Path(__file__).parent))
    run = ENGINES[name](Path(model), given if name.endswith("film") else np.load(given))
    np.save(answer, run())
    print("ready", flush=True)  # noqa: T201
    for _ in sys.stdin:
        start = time.process_time()
        run()
        print(time.process_time() - start, flush=True)  # noqa: T201
