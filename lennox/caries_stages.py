"""How deep caries is, as codes that clinicians write: data with their sources. Nothing here is ever guessed by a model.

ICCMS radiographic stages: Pitts, Ismail, Martignon, Ekstrand, Douglas, Longbottom, "ICCMS Guide for Practitioners and
Educators" (2014), table 3. ICDAS clinical codes: Ismail et al., Community Dent Oral Epidemiol 35 (2007) 170-178.
"""

from __future__ import annotations

ICCMS_RADIOGRAPHIC = {
    "0": "no radiolucency",
    "RA1": "outer half of the enamel",
    "RA2": "inner half of the enamel, up to the dentine",
    "RA3": "outer third of the dentine",
    "RB4": "middle third of the dentine",
    "RC5": "inner third of the dentine",
    "RC6": "into the pulp",
}
ICDAS = {
    "0": "sound tooth surface",
    "1": "first visual change in enamel, seen after drying",
    "2": "distinct visual change in enamel",
    "3": "localized enamel breakdown, no dentine visible",
    "4": "underlying dark shadow from dentine",
    "5": "distinct cavity with visible dentine",
    "6": "extensive distinct cavity with visible dentine",
}
