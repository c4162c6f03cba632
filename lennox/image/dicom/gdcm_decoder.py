"""Decodes one compressed DICOM frame with python-gdcm (BSD); `confined` runs it in a process of its own.

A damaged frame can end that process (gdcm throws where nothing catches) and then nothing else ends with it. What gdcm
has to complain about goes to standard error, where the parent sees it. Imports nothing of lennox, to start quickly.
"""

from typing import Any

import gdcm


def decode(header: dict[str, Any], frame: bytes) -> list[bytes]:
    """The samples of a frame, as gdcm lays them out. Raises ValueError where gdcm returns nothing.

    header : syntax, photometric, rows, columns, samples, planar, allocated, stored, signed
    """
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
    return [samples.encode("utf-8", "surrogateescape")]  # gdcm hands bytes over as text
