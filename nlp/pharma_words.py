"""Words that say a text is about medicines or their industry, for names that mean other things too.

Folded (no accents, lower case). A word too common elsewhere ("action", "site", "groupe") is left out on purpose:
one such word beside a first name would make it a company.
"""

__all__ = ["PHARMA_WORDS"]

PHARMA_WORDS: tuple[str, ...] = (
    "actionnaires", "amm", "analystes", "ansm", "antalgique", "antibiotique", "antidepresseur", "autorisation de mise sur le marche",
    "benefice", "biosimilaire", "biosimilaires", "biotech", "boite de", "bourse", "brevet", "brevets", "cachet", "cachets", "cancer",
    "chiffre d affaires", "chimio", "collyre", "collyres", "comprime", "comprimes", "cotation", "covid", "crl", "delegue medical",
    "depistage", "diabete", "dividende", "dividendes", "dose", "doses", "effets secondaires", "ema", "embauches", "epidemie", "epilepsie",
    "essai clinique", "essais", "essais cliniques", "fda", "flacon", "flacons", "fondation", "gelule", "gelules", "generique",
    "generiques", "generiqueur", "generiqueurs", "grossiste", "groupe pharmaceutique", "gynecologue", "has", "immunotherapie", "implant",
    "injection", "insuline", "intersyndicale", "intrants", "labo", "laboratoire", "laboratoires", "labos", "leem", "licenciements",
    "lot de", "maladie", "maladies", "medecin", "medicament", "medicaments", "medoc", "medocs", "milliards d euros",
    "milliards de dollars", "molecule", "molecules", "mucoviscidose", "neuroleptique", "ordonnance", "ordonnances", "osteoporose",
    "patients", "penurie", "pharma", "pharmaceutique", "pharmaceutiques", "pharmacie", "pharmacien", "pharmaciens", "pharmacies",
    "phase 1", "phase 2", "phase 3", "phase i", "phase ii", "phase iii", "pilule", "pipeline", "piqure", "plan social", "plasma",
    "posologie", "postes", "premedication", "prescription", "prescriptions", "produits de sante", "prothese", "protheses", "psoriasis",
    "remboursement", "resultats annuels", "rupture de stock", "ruptures", "ruptures de stock", "salarie", "salaries", "sante publique",
    "schizophrenie", "sclerose en plaques", "seringue", "seringues", "sirop", "site de production", "suppositoires",
    "suppression de postes", "suppressions de postes", "syndicats", "therapie", "therapies", "traitement", "traitements", "trimestre",
    "usine", "usines", "vaccin", "vaccination", "vaccine", "vaccinee", "vacciner", "vaccines", "vaccinodrome", "vaccins",
    "visiteur medical", "visiteuse medicale",
)  # fmt: skip
