"""English words for units, currencies, signs and months."""

from __future__ import annotations

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

PREFIXES = {
    "": "", "k": "kilo", "K": "kibi", "M": "mega", "G": "giga", "T": "tera", "P": "peta", "h": "hecto", "d": "deci",
    "c": "centi", "m": "milli", "μ": "micro", "n": "nano", "p": "pico",
}  # fmt: skip


def _regular(*names: str) -> dict[str, tuple[str, str]]:
    return {key: (name, name + "s") for key, name in (pair.split("=") for pair in names)}


UNITS: dict[str, tuple[str, str]] = _regular(
    "m=meter", "g=gram", "s=second", "L=liter", "Pa=pascal", "W=watt", "Wh=watt hour", "VA=volt ampere", "V=volt",
    "A=amp", "Ah=amp hour", "Ω=ohm", "J=joule", "cal=calorie", "lm=lumen", "B=byte", "bit=bit", "b=bit",
    "Sv=sievert", "Bq=becquerel", "F=farad", "bar=bar", "mol=mole", "N=newton", "cc=cubic centimeter", "t=ton",
    "h=hour", "min=minute", "m²=square meter", "m³=cubic meter", "ha=hectare", "yd=yard", "mi=mile", "lb=pound",
    "oz=ounce", "tbsp=tablespoon", "tsp=teaspoon", "fl oz=fluid ounce", "gal=gallon", "px=pixel", "dB=decibel", "dBm=decibel milliwatt", "kn=knot",     "Nm=newton meter", "°=degree", "day=day", "d=day", "week=week", "month=month", "year=year", "hour=hour",
    "minute=minute", "second=second", "person=person", "night=night",
) | {
    "S": ("siemens", "siemens"),
    "Hz": ("hertz", "hertz"),
    "lx": ("lux", "lux"),
    "K": ("kelvin", "kelvin"),
    "iB": ("byte", "bytes"),
    "bps": ("bit per second", "bits per second"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "%": ("percent", "percent"),
    "‰": ("per mille", "per mille"),
    "ft": ("foot", "feet"),
    "in": ("inch", "inches"),
    "ft²": ("square foot", "square feet"),
    "mph": ("mile per hour", "miles per hour"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "fps": ("frame per second", "frames per second"),
    "bpm": ("beat per minute", "beats per minute"),
    "dpi": ("dot per inch", "dots per inch"),
    "ppi": ("pixel per inch", "pixels per inch"),
    "ppm": ("part per million", "parts per million"),
    "ppb": ("part per billion", "parts per billion"),
    "psi": ("pound per square inch", "pounds per square inch"),
    "mmHg": ("millimeter of mercury", "millimeters of mercury"),
    "inHg": ("inch of mercury", "inches of mercury"),
}  # fmt: skip
"""Base -> singular and plural."""

SQUARED = {"k": "square kilometer", "c": "square centimeter", "m": "square millimeter"}
CUBED = {"c": "cubic centimeter", "m": "cubic millimeter"}

CURRENCIES: dict[str, tuple[str, str, str, str]] = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "TWD": ("New Taiwan dollar", "New Taiwan dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "CNY": ("yuan", "yuan", "", ""),
    "JPY": ("yen", "yen", "", ""),
    "¥": ("yen", "yen", "", ""),
    "KRW": ("won", "won", "", ""),
    "MOP": ("pataca", "patacas", "", ""),
    "CHF": ("Swiss franc", "Swiss francs", "", ""),
    "INR": ("rupee", "rupees", "", ""),
    "RUB": ("ruble", "rubles", "", ""),
    "THB": ("baht", "baht", "", ""),
    "VND": ("dong", "dong", "", ""),
    "PHP": ("peso", "pesos", "", ""),
    "BTC": ("bitcoin", "bitcoins", "", ""),
    "¢": ("cent", "cents", "", ""),
}
"""Currency -> one, many, one hundredth, many hundredths."""

SYMBOLS = {
    "+": "plus", "-": "minus", "±": "plus or minus", "×": "times", "*": "times", "÷": "divided by", "=": "equals",
    "≠": "is not equal to", "≈": "approximately", "<": "less than", ">": "greater than",
    "≤": "less than or equal to", "≥": "greater than or equal to", "~": "about", "&": "and", "@": "at",
    "%": "percent", "‰": "per mille", "#": "number", "$": "dollars", "€": "euros", "£": "pounds", "¥": "yen",
    "√": "square root of", "∞": "infinity", "π": "pi", "°": "degrees", "§": "section", "→": "to", "²": "squared",
    "³": "cubed", "Ω": "ohms", "μ": "micro", "©": "copyright", "∑": "sum",
}  # fmt: skip

LINK_SIGNS = {
    ".": "dot", "@": "at", "/": "slash", ":": "colon", "-": "dash", "_": "underscore", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "~": "tilde", "+": "plus",
}  # fmt: skip

NAMES = {"24/7": "twenty-four seven"}

SHORT = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor", "Prof": "Professor", "vs": "versus", "etc": "et cetera",
    "approx": "approximately", "dept": "department", "Jr": "Junior", "Sr": "Senior", "e.g": "for example", "E.g": "For example", "I.e": "That is", "i.e": "that is",
    "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Sgt": "Sergeant", "Capt": "Captain", "Gen": "General",
    "Lt": "Lieutenant", "Gov": "Governor", "Inc": "Incorporated", "Ltd": "Limited", "Corp": "Corporation",
    "Mt": "Mount", "Ft": "Fort", "est": "estimated", "max": "maximum", "min": "minimum", "temp": "temperature",
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thurs": "Thursday",
    "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
"""Abbreviation -> its word, where a full stop follows it."""
