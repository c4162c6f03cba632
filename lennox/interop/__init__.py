"""Findings in the forms that other systems read: DICOM objects (`dicom_objects`, with highdicom) and FHIR (`fhir`)."""
