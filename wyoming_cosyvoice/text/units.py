"""Letters that are read as a unit when a number stands before them."""

from __future__ import annotations

from wyoming_cosyvoice.text.scripts import words

_UNITS = words(
    """
    m mm cm dm km nm µm μm in ft yd mi mg kg g t lb lbs oz µg μg ng l L ml mL dl cl cm² m² km² m³ cm³ s ms min h
    hr hrs d W kW MW GW Wh kWh MWh kwh Wp VA kVA V mV kV A mA Ah mAh Hz kHz MHz GHz B KB kB MB GB TB PB KiB MiB
    GiB Kbps kbps Mbps Gbps bps C F K Pa hPa kPa MPa mbar bar psi lx lux lm cd dB dBA dBm ppm ppb mph km kph kmh
    rpm bpm fps mmHg px dpi J kJ MJ cal kcal N Nm mol am pm AM PM USD EUR GBP JPY CNY RMB HKD KRW TWD NT SGD AUD UTC GMT
    x GWh TiB THz Sv mSv µSv μSv Bq kBq kA mW KG Kg KM Km KW KWH KWh KHz khz HPa hpa klx RPM BPM PPM MPH Mb Gb Mbit
    Gbit inHg kn kts gal cc mcg ug mins sec secs mmol Ω kΩ MΩ µA μA µS μS mS µV μV µL μL µs μs ns µF μF nF pF mm² mm³
    ft² ha sqft tbsp tsp inch kN ppi dL cL
    """
)


def is_unit(text: str) -> bool:
    """Whether `text` is a unit."""
    return text in _UNITS
