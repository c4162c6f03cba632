"""What a card of a caries detector says in words."""

from __future__ import annotations

_PERIAPICAL_USE = {
    "use": "A second look for a dentist reading periapical radiographs of permanent teeth: it marks where caries is "
    "suspected. It does not replace the examination, and it decides nothing.",
    "not_for": [
        "bitewing and panoramic films, photographs, primary teeth",
        "caries in enamel only: no training film was chosen for it",
        "films after which nobody looks at the tooth: an empty answer does not mean a sound tooth",
        "any use on patients without the clinical study and the approvals that the law asks for: there was none",
    ],
}
_PERIAPICAL_LIMITS = (
    "Films of one sensor (149, a fifth held out) and windows of panoramic films; no caries-free periapical film was "
    "to be had under an open licence.",
    "Who drew the training boxes is unknown, and no reference is histology or a consensus of experts.",
    "Small and crescent lesions at crown and filling margins are missed more often than not; see the figures by size.",
    "Cervical burn-out, the edge of a restoration, pulp and marrow spaces are the usual false positives.",
    "Patients behind the films are unknown; intervals that resample films or blocks of films may be too narrow.",
)
_PHOTOGRAPH_USE = {
    "use": "Nothing yet: no figure on real photographs exists. Made for intraoral photographs of permanent teeth, to "
    "mark where caries that can be seen is suspected.",
    "not_for": [
        "any use on patients",
        "caries between teeth, under fillings or within sound-looking enamel: a photograph does not show it",
        "radiographs",
    ],
}
_PHOTOGRAPH_LIMITS = (
    "No real photograph was at hand when the program was written: what it does on them is unknown.",
    "Stains, glare on saliva and fillings look like caries; caries between teeth cannot be seen.",
    "The network sees brightness in neutral light, no colours.",
)
INTENDED_USE = {"periapical": _PERIAPICAL_USE, "photograph": _PHOTOGRAPH_USE}
LIMITS = {"periapical": _PERIAPICAL_LIMITS, "photograph": _PHOTOGRAPH_LIMITS}
PANORAMIC_USE = {
    "use": "A second look for a dentist reading panoramic radiographs of permanent teeth: it marks where caries is "
    "suspected. It finds fewer than half of the lesions that people marked on panoramics, and does not replace the "
    "examination or an intraoral film.",
    "not_for": [
        "intraoral films, photographs, primary teeth",
        "caries between teeth whose contacts overlap, and front teeth behind the spine: a panoramic does not show it",
        "films after which nobody looks at the tooth: an empty answer does not mean a sound tooth",
        "any use on patients without the clinical study and the approvals that the law asks for: there was none",
    ],
}
PANORAMIC_LIMITS = (
    "Panoramics of one machine and one source: how it does on another clinic's is not known.",
    "The networks were made for intraoral films and learnt from windows of these panoramics among them; none was "
    "trained for whole panoramics, and there was no cross-validation over all films.",
    "Overlapping contacts, premolars above all, cannot be read on a panoramic, and nothing here notices them.",
    "The front teeth behind the spine are said to be illegible only where the shadow is plainly seen.",
    "Who drew the boxes is unknown; teeth without one are only probably sound.",
    "Patients behind the films are unknown; intervals that resample films may be too narrow.",
)
PUBLISHED = {
    "note": "of other systems on other films at other levels: they are no comparison, only a sense of scale",
    "figures": [
        {"system": "VideaHealth Caries Assist", "films": "bitewings, FDA K213795", "level": "lesion",
         "figure": "AFROC area 0.740 (0.721 to 0.760)"},
        {"system": "Denti.AI Detect", "films": "bitewings, FDA K230144", "level": "lesion",
         "figure": "wAFROC area 0.737 (0.713 to 0.761)"},
        {"system": "DTX Studio Clinic 3.0", "films": "216 images, FDA K221921", "level": "lesion",
         "figure": "sensitivity 0.70 (0.65 to 0.75)"},
        {"system": "Diagnocat, tested by others", "films": "100 bitewings", "level": "surface",
         "figure": "sensitivity 0.73, specificity 0.94"},
        {"system": "five commercial and three experimental systems, tested by others",
         "films": "200 bitewings, restored surfaces", "level": "surface",
         "figure": "sensitivity 0.33 to 0.49, specificity 0.96 to 0.99"},
    ],
}  # fmt: skip
