"""Words before a name that make it a person's, a street's or a shop's, whoever else bears it. Folded."""

__all__ = ["BEFORE_PERSONS_AND_PLACES", "FIRST_NAMES"]

BEFORE_PERSONS_AND_PLACES: tuple[str, ...] = (
    "adjudant", "agence", "allee", "arret", "atelier", "auberge", "avenue", "bar", "bd", "bistrot", "boucherie", "boulangerie", "boulevard",
    "cabinet", "cafe", "camping", "capitaine", "carrosserie", "chapelle", "charpente", "chateau", "chemin", "cinema", "club", "coach", "college",
    "colonel", "commandant", "commune de", "commissaire", "cousin", "cousine", "couverture", "cours", "depute", "docteur", "domaine", "dr", "ecole",
    "espace", "famille", "fc", "ferme", "fleuriste", "fondeur", "galerie", "garage", "gymnase", "hotel", "impasse", "inspecteur", "juge",
    "lieutenant", "lycee", "m", "madame", "maison", "maitre", "maire", "marchand", "me", "menuiserie", "miss", "mlle", "mme", "monsieur", "mr", "mrs",
    "musee", "notaire", "parc", "patisserie", "piscine", "pizzeria", "place", "plomberie", "pont", "pr", "prof", "professeur", "quai", "quartier",
    "residence", "restaurant", "rue", "rue de", "ruelle", "salle", "sergent", "square", "stade", "station", "theatre", "traiteur", "villa",
    "village de", "voisin", "voisine",
)  # fmt: skip

# The commonest in France, Belgium, Switzerland and among players and artists; those that are also a lab's name are left out.
FIRST_NAMES: tuple[str, ...] = (
    "adam", "adele", "adrien", "agathe", "agnes", "alain", "albert", "alex", "alexandra", "alexandre", "alexis", "alice", "aline", "amandine",
    "amelie", "anais", "andre", "andrea", "anna", "anne", "annie", "anthony", "antoine", "arnaud", "arthur", "audrey", "aurelie", "aurelien",
    "axel", "baptiste", "barbara", "bastien", "beatrice", "benjamin", "benoit", "bernadette", "bernard", "blaise", "boris", "brigitte", "bruno",
    "camille", "carine", "carla", "carole", "caroline", "catherine", "cecile", "cedric", "celine", "chantal", "charles", "charlotte", "chloe",
    "christian", "christine", "christophe", "claire", "clara", "claude", "claudine", "clement", "colette", "corinne", "cyril", "damien", "daniel",
    "danielle", "david", "delphine", "denis", "didier", "dominique", "dylan", "edouard", "elena", "elisa", "elise", "elodie", "emile", "emilie",
    "emma", "emmanuel", "emmanuelle", "enzo", "eric", "ernest", "estelle", "etienne", "eva", "fabien", "fabienne", "fabio", "fabrice", "federico",
    "fanny", "felix", "fernand", "florence", "florian", "franck", "francis", "francois", "francoise", "frank", "frederic", "gabriel", "gaelle",
    "gaston", "genevieve", "georges", "gerard", "gilbert", "gilles", "giovanni", "gregory", "guillaume", "guy", "hans", "helene", "henri", "herve",
    "hugo", "ines", "isabelle", "jack", "jacqueline", "jacques", "james", "jan", "jean", "jeanne", "jennifer", "jeremie", "jeremy", "jerome",
    "jessica", "joel", "john", "jonathan", "jordan", "jose", "joseph", "josephine", "juan", "jules", "julia", "julie", "julien", "juliette",
    "justine", "karim", "karine", "kevin", "laetitia", "lara", "laura", "laure", "laurence", "laurent", "lea", "leon", "lionel", "lisa", "loic",
    "lorenzo", "louis", "louise", "luc", "luca", "lucas", "lucie", "lucien", "lucienne", "lydia", "lydie", "madeleine", "manon", "manuel", "marc",
    "marcel", "margaux", "margot", "maria", "marie", "marina", "marine", "mario", "marion", "marthe", "martin", "martine", "mathieu", "mathilde",
    "matthias", "matthieu", "maurice", "max", "maxime", "melanie", "michel", "michele", "mickael", "mireille", "monique", "myriam", "nadia",
    "nathalie", "nicolas", "nicole", "nina", "noah", "noemie", "odette", "odile", "olivia", "olivier", "oscar", "pascal", "pascale", "patrice",
    "patricia", "patrick", "paul", "paulette", "pauline", "philippe", "pierre", "quentin", "rachel", "raphael", "raymond", "raymonde", "rebecca",
    "remi", "remy", "renaud", "rene", "renee", "richard", "robert", "robin", "roger", "roland", "romain", "romane", "rose", "sabine", "sabrina",
    "samuel", "sandra", "sandrine", "sarah", "sebastien", "serge", "severine", "simon", "simone", "solange", "sonia", "sophie", "stefan",
    "stephane", "stephanie", "suzanne", "sylvain", "sylvie", "theo", "therese", "thibault", "thierry", "thomas", "tim", "tom", "valentin",
    "valerie", "vanessa", "veronique", "victor", "victoire", "vincent", "virginie", "william", "xavier", "yann", "yannick", "yves", "yvette",
    "yvonne", "zoe",
)  # fmt: skip
