"""DICOM files become pixels."""
