"""The reading desk: a local page in a browser where films are read, and what was decided is kept beside them.

serve              loopback, a random port, a token in the opening link
request_guard      which requests are answered at all, and what a page may load
app                the addresses, and what each answers
desk               one open folder: its films, their readings, its decisions
film_index         the films of the folder, by keys that are no paths
by_eye             films that no model reads
reading_queue      the model at work beside the page
event_store        decisions, only ever added, in one SQLite file
events             what a page may send, checked
film_state         what the events say of a film
views              what the page is given
decided_films      the films with what was decided, for whatever is made of them
outputs            a COCO set, a table, the records that `lennox monitor` reads
confirmed          verified DICOM reports and final FHIR Bundles
patient_view       the page for a patient
take_in            decisions that were made on a saved page
"""
