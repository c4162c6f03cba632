"""Evidence of clinics: collected at the desk, checked, sealed so that it names nobody, and pooled into one audit.

collect     rows of decided films, of patients who agreed, under a keyed hash that never leaves the clinic
lacking     what rows lack, and how many more patients would decide each group
anonymity   k-anonymity over the features of the policy
seal        the packed table and what is signed about it (`lennox-evidence/1`)
pool        several sealed tables as one audit, with the site as a cluster above the patient
"""
