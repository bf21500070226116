"""Words that say a text is about medicines or their industry, for names that mean other things too.

Folded (no accents, lower case). A word too common elsewhere ("action", "site", "groupe") is left out on purpose:
one such word beside a first name would make it a company.
"""

__all__ = ["PHARMA_WORDS"]

PHARMA_WORDS: tuple[str, ...] = (
    "amm", "ansm", "antibiotique", "antidepresseur", "biotech", "boite de", "bourse", "cancer", "chimio", "chiffre d affaires",
    "comprime", "comprimes", "cotation", "covid", "depistage", "diabete", "dividende", "dose", "doses", "ema", "essai clinique",
    "essais cliniques", "fda", "gelules", "generique", "generiques", "generiqueur", "has", "immunotherapie", "injection", "insuline",
    "labo", "laboratoire", "laboratoires", "labos", "leem", "maladie", "maladies", "medicament", "medicaments", "molecule",
    "ordonnance", "patients", "penurie", "pharma", "pharmaceutique", "pharmaceutiques", "pharmacie", "pharmacien", "pharmaciens",
    "phase 1", "phase 2", "phase 3", "phase i", "phase ii", "phase iii", "piqure", "posologie", "prescription", "prothese",
    "remboursement", "rupture", "ruptures de stock", "seringue", "suppressions de postes", "therapie", "traitement", "traitements",
    "usine", "vaccin", "vaccination", "vaccine", "vaccinee", "vaccines", "vaccins",
)
