"""Films that come in by themselves: each answered exactly once, however often the program stops.

film_intake    one film in, its results kept and delivered; what was done is remembered
done_films     what is remembered
service_log    the log that rotates, and the line that says how the service is
folder_watch   films that an imaging program exports into a folder
dicom_peer     who is spoken to by DICOM
dicom_server   films that a sensor or an archive sends by C-STORE
dicom_sender   objects sent to an archive by C-STORE
web_archive    films of an archive, and objects to it, by DICOMweb
"""
