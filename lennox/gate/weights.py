"""A network is one file: nothing that it could make ONNX Runtime open besides is let through.

ONNX keeps the path of a tensor that lies in another file under the key "location" (onnx.proto, StringStringEntryProto
in TensorProto.external_data), and protobuf keeps the text of a key in one piece. A file without these eight bytes has
no such tensor, however it is encoded. Read as one piece of bytes, not as a message: what another reader of protobuf
would see in a file that is encoded oddly does not matter then.
"""

from __future__ import annotations

from lennox.errors import ModelError

_EXTERNAL_DATA_KEY = b"location"
_ORT_FORMAT = b"ORTM"  # ONNX Runtime's own form says so at byte 4


def refuse_external_data(network: bytes) -> None:
    """Raise ModelError unless the network keeps everything in this one file."""
    if network[4:8] == _ORT_FORMAT:
        raise ModelError("it is in ONNX Runtime's own form; export it as ONNX.")
    if network.rfind(_EXTERNAL_DATA_KEY) >= 0:  # from behind, which is two to three times as fast
        raise ModelError(
            "it may keep tensors in other files, or says 'location' elsewhere; export it as one file, without that "
            "word in its names."
        )
