"""Invented texts, as many as a test wants, of which no two say the same."""

import random

__all__ = ["invented_texts"]

_CLAUSES = (
    "la pharmacie du quartier n'a plus rien en stock",
    "mon rhumatologue hésite à renouveler l'ordonnance",
    "le cours de l'action grimpe de trois points ce matin",
    "une chercheuse grenobloise présente ses souris guéries",
    "les salariés de l'usine débrayent devant le portail",
    "ruban rose au revers, tout le service court dimanche",
    "le comité de transparence rend un avis réservé",
    "j'ai dormi quatorze heures après la deuxième injection",
    "le maire inaugure un laboratoire tout en verre",
    "personne ne répond au numéro vert depuis mardi",
    "le brevet tombe l'an prochain et les génériques attendent",
    "ma grand-mère compte ses gouttes à la lueur du poêle",
    "un documentaire raconte trente ans de silence",
    "la start-up lève douze millions pour son patch connecté",
    "le ministre promet une liste de molécules critiques",
    "les infirmières libérales demandent des seringues",
    "offre de stage en marketing digital, six mois",
    "le tribunal renvoie l'affaire au printemps",
    "don de plasma samedi place de la mairie, venez nombreux",
    "l'asthme de mon fils s'est calmé au bord de la mer",
    "la direction parle de synergies et de sobriété",
    "un concert est offert aux patients du centre",
    "les essais de phase deux s'arrêtent à Rennes",
    "notre équipe remporte le tournoi de pétanque",
    "la notice tient désormais sur un timbre-poste",
    "les mutuelles refusent de rembourser la différence",
    "un lanceur d'alerte dépose ses carnets chez le juge",
    "le vaccin arrive dans les cabinets dès lundi",
    "trois députés réclament une commission d'enquête",
    "les pieds me brûlent chaque soir vers minuit",
    "le robot trie les gélules plus vite que son ombre",
    "portes ouvertes du site normand ce week-end",
    "la filière du lithium inquiète les psychiatres",
    "elle vend ses parts à un fonds luxembourgeois",
    "on nous demande d'arrêter de fumer en novembre",
    "les vétérinaires s'y mettent eux aussi",
)


def invented_texts(count: int, *, seed: int = 1) -> list[str]:
    """Return texts of four clauses each, in a few of which two texts share one or two."""
    draw = random.Random(seed)
    seen: list[frozenset[str]] = []
    texts = []
    while len(texts) < count:
        clauses = draw.sample(_CLAUSES, 4)
        if all(len(other & set(clauses)) < 3 for other in seen):
            seen.append(frozenset(clauses))
            texts.append(", ".join(clauses).capitalize() + ".")
    return texts
