"""DICOM files become pixels; pydicom parses them, gdcm decodes compressed frames."""
