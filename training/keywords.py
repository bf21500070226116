"""The keyword baseline's words, folded (no accents, lower case): what a listening tool's saved searches would hold.

One rule a label, on purpose: a model that does no better than these lists is not worth its keep.
"""

from collections.abc import Mapping

__all__ = ["ADVERSE_EVENT", "NEGATIVE", "POSITIVE", "THEMES"]

# In the order in which the annotation guide breaks ties.
THEMES: Mapping[str, tuple[str, ...]] = {
    "scandals": (
        "affaire", "cobayes", "condamne", "condamnee", "condamnes", "conflit d interets", "conflits d interets", "corruption", "crime",
        "criminel", "criminels", "depakine", "empoisonne", "fraude", "implants", "indemnisation", "lanceur d alerte", "mediator",
        "mensonge", "mensonges", "opioides", "pollution", "pots de vin", "proces", "proces penal", "rejets toxiques", "scandale",
        "scandales", "tromperie", "vendu", "vendus", "victime", "victimes", "vioxx",
    ),
    "causes": (
        "aides aux", "arret du tabac", "association", "benevoles", "campagne de sensibilisation", "collecte", "course solidaire",
        "don d organes", "don de sang", "donneurs", "dons", "journee mondiale", "journee nationale", "mobilisation", "mois sans tabac",
        "moissanstabac", "movember", "octobre rose", "ruban", "ruban rose", "semaine europeenne", "sensibiliser", "sidaction", "solidaire",
        "solidarite", "telethon",
    ),
    "innovation": (
        "avancee", "biotech", "brevet", "chercheurs", "decouverte", "e sante", "essai clinique", "essais cliniques", "etude clinique",
        "ia", "immunotherapie", "innovant", "innovante", "innovation", "intelligence artificielle", "medicament innovant",
        "nouveau traitement", "nouveau vaccin", "numerique", "partenariat", "phase 1", "phase 2", "phase 3", "phase ii", "phase iii",
        "r d", "recherche", "resultats positifs", "start up", "startup", "therapie genique",
    ),
    "industry": (
        "acquisition", "action", "actionnaires", "amm", "ansm", "benefices", "biosimilaires", "bourse", "chiffre d affaires", "contrat",
        "dividendes", "emplois", "fusion", "generique", "generiques", "greve", "has", "investissement", "laboratoire", "licenciements",
        "livraisons", "lobby", "lobbying", "milliards", "millions", "nomination", "penurie", "plan social", "postes", "prix", "production",
        "profits", "rachat", "rachete", "rappel", "rappel de lots", "rembourse", "remboursement", "resultats annuels", "rupture",
        "rupture de stock", "ruptures", "site", "suppressions de postes", "trimestre", "usine", "ventes",
    ),
    "pathologies": (
        "allergie", "asthme", "avc", "cancer", "cancers", "cholesterol", "covid", "depistage", "depression", "diabete", "diabetique",
        "diabetiques", "dose", "douleur", "douleurs", "eczema", "effet secondaire", "effets secondaires", "endometriose", "epilepsie",
        "fievre", "grippe", "hypertension", "insuline", "malade", "malades", "maladie", "maladie rare", "maladies", "maladies rares",
        "medecin", "migraine", "obesite", "patients", "pilule", "psoriasis", "sclerose en plaques", "symptomes", "thyroide", "traitement",
        "vaccin", "vaccination", "vaccine", "vaccinee",
    ),
}  # fmt: skip

NEGATIVE: tuple[str, ...] = (
    "accuse", "accusee", "arnaque", "catastrophe", "colere", "condamne", "condamnee", "danger", "dangereux", "deces", "degueulasse",
    "drame", "echec", "fraude", "furieux", "grave", "graves", "greve", "honte", "honteux", "inacceptable", "inadmissible", "inquiet",
    "inquiete", "licenciements", "manque", "mensonge", "mensonges", "mort", "morts", "penurie", "perte", "pertes", "peur", "pire",
    "plainte", "plan social", "pourri", "profits", "rappel", "retrait", "rupture", "ruptures", "scandale", "scandaleux", "suppression",
    "suppressions", "suspension", "toxique", "tue", "victime", "victimes",
)  # fmt: skip

POSITIVE: tuple[str, ...] = (
    "avancee", "bravo", "efficace", "efficacite", "encourageant", "encourageants", "engage", "engages", "espoir", "excellent",
    "excellente", "felicitations", "fier", "fiere", "fiers", "formidable", "genial", "grace a", "heureuse", "heureux", "innovant",
    "innovante", "merci", "performant", "plaisir", "positif", "positifs", "prix galien", "progres", "prometteur", "prometteurs", "ravi",
    "ravis", "recompense", "reussite", "sauve", "solidaire", "soulage", "soutien", "soutient", "succes", "super",
)  # fmt: skip

ADVERSE_EVENT: tuple[str, ...] = (
    "avc apres", "courbatures", "depuis ma dose", "depuis que je prends", "diarrhee", "effet secondaire", "effets indesirables",
    "effets secondaires", "eruption", "fatigue", "fievre", "hospitalise", "hospitalisee", "j ai eu mal", "mal a la tete", "mal au bras",
    "malaise", "myocardite", "nausees", "palpitations", "perdu mes cheveux", "prise de poids", "thrombose", "urticaire", "vertiges",
    "vomi", "vomissements",
)  # fmt: skip
