"""Where a business or storefront is: the zone of its dates and the currency of its amounts."""

from importlib import resources

from kit.errors import Invalid

TIMEZONE, CURRENCY = "America/Sao_Paulo", "BRL"

# From the library's own list, not from the machine's: what is accepted must not depend on where the service runs.
TIMEZONES = frozenset(resources.files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}
ISO_4217 = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP
    CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD
    JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(ISO_4217.split())


def check(timezone: str, currency: str) -> None:
    """Raises Invalid (`unknown_timezone`, `unknown_currency`) unless IANA and ISO 4217 know them."""
    if timezone not in TIMEZONES:
        raise Invalid("unknown_timezone", timezone=timezone)
    if currency not in CURRENCIES:
        raise Invalid("unknown_currency", currency=currency)
