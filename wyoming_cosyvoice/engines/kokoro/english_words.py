"""English words that need more than a dictionary: function words, names of the smart home, parts of speech."""

from __future__ import annotations

VOWEL_SOUNDS = frozenset("AIOWYaiuæɑɒɔəɛɜɪʊʌɐᵻᵊ")

# Names and abbreviations that the dictionary lacks or reads otherwise.
NAMES = {
    "wifi": "wˈIfˌI",
    "zigbee": "zˈɪɡbi",
    "zwave": "zˈiwAv",
    "bluetooth": "blˈutuθ",
    "cosyvoice": "kˈOzivˌYs",
    "ikea": "Ikˈiə",
    "tuya": "tˈujə",
    "sonos": "sˈOnOs",
    "xiaomi": "ʃˈWmi",
    "aqara": "əkˈɑɹə",
    "shelly": "ʃˈɛli",
    "esphome": "ˌiˌɛspˈi hˌOm",
    "roomba": "ɹˈumbə",
    "youtube": "jˈutˌub",
    "netflix": "nˈɛtflɪks",
    "spotify": "spˈɑɾəfˌI",
    "alexa": "əlˈɛksə",
    "siri": "sˈɪɹi",
    "linux": "lˈɪnəks",
    "nuc": "nˈʌk",
    "sql": "sˈikwəl",
    "jpeg": "ʤˈApˌɛɡ",
    "gif": "ɡˈɪf",
    "ram": "ɹˈæm",
    "sim": "sˈɪm",
    "covid": "kˈOvɪd",
    "ios": "ˌIˌOˈɛs",
    "nas": "nˈæs",
    "asus": "ˈAsus",
    "nio": "nˈiO",
    "hepa": "hˈɛpə",
    "qled": "kjˈulˌɛd",
    "xbox": "ˈɛksbˌɑks",
    "wechat": "wˈiʧˌæt",
    "taobao": "tˈWbˌW",
    "huawei": "wˈɑwˌA",
    "midea": "mIdˈiə",
    "dreame": "dɹˈimi",
    "roborock": "ɹˈObOɹˌɑk",
    "ecobee": "ˈɛkObˌi",
    "sonoff": "sˈOnˌɔf",
    "govee": "ɡˈOvi",
    "netatmo": "nɛtˈætmO",
    "reolink": "ɹˈiOlˌɪŋk",
    "proxmox": "pɹˈɑksmˌɑks",
    "nodered": "nˈOd ɹˈɛd",
    "miele": "mˈilə",
    "daikin": "dˈIkɪn",
    "gmail": "ʤˈimˌAl",
    "whatsapp": "wˈʌtsˌæp",
    "linkedin": "lˌɪŋktˈɪn",
    "airbnb": "ˈɛɹbˌiˌɛnbˈi",
    "duolingo": "dˌuəlˈɪŋɡO",
    "uber": "ˈubəɹ",
    "sinatra": "sɪnˈɑtɹə",
    "beyonce": "biˈɑnsˌA",
    "eminem": "ˌɛmənˈɛm",
    "chopin": "ʃˈOpˌæn",
    "totoro": "tˈOtəɹˌO",
    "pikachu": "pˈikəʧˌu",
    # What the normaliser says for units, currencies and abbreviations.
    "hectopascal": "hˌɛktOpæskˈæl",
    "kilopascal": "kˌɪlOpæskˈæl",
    "megapascal": "mˌɛɡəpæskˈæl",
    "microsievert": "mˌIkɹOsˈivəɹt",
    "millisievert": "mˌɪlɪsˈivəɹt",
    "milliwatt": "mˈɪlɪwˌɑt",
    "kiloohm": "kˈɪlOˌOm",
    "megaohm": "mˈɛɡəˌOm",
    "kilonewton": "kˌɪlOnˈutᵊn",
    "hong": "hˈɑŋ",
    "kong": "kˈɑŋ",
    "et": "ɛt",
    "cetera": "sˈɛɾəɹə",
    "miz": "mˈɪz",
}

# Capital abbreviations that are said as words although nobody would find that in a dictionary of lower-case words.
ACRONYMS_AS_WORDS = frozenset(
    {"RAM", "SIM", "NUC", "SQL", "JPEG", "GIF", "COVID", "IKEA", "LAN", "PIN", "NAS", "ASUS", "NIO", "HEPA", "QLED"}
)
# Short words that are also abbreviations: in capitals inside ordinary text they are spelt.
SPELT_IN_CAPITALS = frozenset(
    {"US", "IT", "AM", "PM", "AC", "DC", "ID", "OK", "TV", "PC", "CD", "HD", "UK", "EU", "AI"}
)

DETERMINERS = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "my",
        "your",
        "his",
        "her",
        "its",
        "our",
        "their",
        "some",
        "any",
        "no",
        "each",
        "every",
        "another",
    ]
)
VERB_CUES = frozenset(
    [
        "to",
        "will",
        "would",
        "can",
        "could",
        "shall",
        "should",
        "may",
        "might",
        "must",
        "do",
        "does",
        "did",
        "don't",
        "doesn't",
        "didn't",
        "won't",
        "can't",
        "i",
        "you",
        "we",
        "they",
        "please",
        "and",
        "let's",
    ]
)
PAST_CUES = frozenset(
    ["have", "has", "had", "having", "was", "were", "been", "be", "is", "are", "got", "get", "already", "just"]
)
# Verbs before these words are usually commands: "record the show", "close the curtains".
OBJECT_CUES = frozenset(
    [
        "the",
        "a",
        "an",
        "my",
        "your",
        "our",
        "their",
        "his",
        "her",
        "this",
        "that",
        "these",
        "those",
        "it",
        "them",
        "all",
        "every",
        "both",
    ]
)
