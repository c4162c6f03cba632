"""Decodes one compressed DICOM frame with python-gdcm (BSD), as a program of its own: `decoder_process` runs it.

A damaged frame can end this process (gdcm throws where nothing catches) and then nothing else ends with it. What gdcm
has to complain about goes to standard error, where the caller sees it. Imports nothing of lennox, to start quickly.

Standard input: one line of JSON (syntax, photometric, rows, columns, samples, planar, allocated, stored, signed), then
the frame. Standard output: the samples.
"""

import json
import sys
from typing import Any


def decode(frame: bytes, header: dict[str, Any]) -> bytes:
    """The samples of a frame, as gdcm lays them out. Raises ValueError where gdcm returns nothing."""
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())

    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((header["columns"], header["rows"], 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(header["photometric"])
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    if header["samples"] > 1:
        image.SetPlanarConfiguration(header["planar"])
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(header["syntax"])))
    stored = header["stored"]
    image.SetPixelFormat(gdcm.PixelFormat(header["samples"], header["allocated"], stored, stored - 1, header["signed"]))
    samples = image.GetBuffer()
    if samples is None:
        raise ValueError("gdcm decoded nothing")
    decoded: bytes = samples.encode("utf-8", "surrogateescape")  # gdcm hands bytes over as text
    return decoded


if __name__ == "__main__":
    line = sys.stdin.buffer.readline()
    sys.stdout.buffer.write(decode(sys.stdin.buffer.read(), json.loads(line)))
