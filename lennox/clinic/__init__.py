"""What a clinic makes of results: what was decided, a page for a patient, the sum of a screening day.

reviewed_films  `read_results`, `ReviewedFilm`: the films of a folder of results, with what a clinician decided
patient_files   `patient_pages`: pages for patients, of what was accepted
screening_day   `summarise`: counts, and who is to be seen how soon, by the clinic's own rules
"""
