"""Findings in the forms that other systems read: DICOM objects. Written with highdicom (`lennox[interop]`)."""

from lennox.interop.dicom_objects import DicomObject, draw_objects

__all__ = ["DicomObject", "draw_objects"]
