"""Films that name nobody: a new file is made of the picture and of what is listed here, so nothing else can come along.

pseudonyms    who is who under a key: UIDs, patients, dates
burned_in     text in the pixels
identity      what a film's file says that may be kept, read and checked
deidentify    one film
deid_folder   a folder of films, and the report of what was done
"""
