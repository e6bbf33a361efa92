"""The words that addresses are made of: what is abbreviated, what ends a street's name, what ends a building's, what numbers a unit."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Read as the word wherever it stands, but for "st", which is Saint or Street by its place (`address.spelt_out`).
ABBREVIATIONS = {
    "rd": "road",
    "ave": "avenue",
    "av": "avenue",
    "ln": "lane",
    "dr": "drive",
    "cl": "close",
    "ct": "court",
    "crt": "court",
    "cres": "crescent",
    "cresc": "crescent",
    "pl": "place",
    "sq": "square",
    "tce": "terrace",
    "terr": "terrace",
    "ter": "terrace",
    "gdns": "gardens",
    "gdn": "gardens",
    "gr": "grove",
    "grv": "grove",
    "pde": "parade",
    "prde": "parade",
    "hse": "house",
    "ctr": "centre",
    "cntr": "centre",
    "cent": "centre",
    "center": "centre",
    "est": "estate",
    "ind": "industrial",
    "pk": "park",
    "bldg": "building",
    "bldgs": "buildings",
    "mkt": "market",
    "arc": "arcade",
    "prec": "precinct",
    "blvd": "boulevard",
    "bvd": "boulevard",
    "wy": "way",
    "upr": "upper",
    "lwr": "lower",
    "str": "street",
    "hwy": "highway",
    "bus": "business",
    "saint": "st",
    "&": "and",
    "gt": "great",
    "lt": "little",
    "lil": "little",
    "yd": "yard",
    "cott": "cottage",
    "stn": "station",
    "whse": "warehouse",
    "lvl": "level",
}

STREETS = words(
    "road street avenue lane drive close crescent place square terrace gardens grove way walk hill brow row mews boulevard "
    "broadway parade rise view green park quay wharf passage alley drove gate wynd vennel brae circus embankment esplanade "
    "promenade highway bypass approach cross end side bank fold croft dene mount path yard strand causeway bridge parkway "
    "court lanes westgate eastgate southgate northgate queensway kingsway broadwalk piccadilly"
)

# A number before one of these is a unit's number: nobody numbers the parade itself.
PARADES = words("parade arcade precinct mall estate centre market market_hall retail_park business_park")
BUILDINGS = PARADES | words(
    "house building buildings hall tower mill mills works block exchange chambers plaza galleries point court warehouse showground"
)

# After one of these, where no number is before it, another name may begin: "larch house tanner lane", "hill farm chester road".
HOUSES = (BUILDINGS - PARADES) | words(
    "yard farm cottage cottages lodge hotel inn arms tavern school college academy club nursery church chapel hospital surgery garage station villa villas"
)

# After these a name is over, whatever follows ("87 Main Street Wexcombe"), unless one of GOES_ON or another ending does.
ENDS = words(
    "street road lane avenue drive close crescent place square terrace gardens grove way row mews boulevard parade arcade precinct mall "
    "estate market_hall retail_park business_park"
)
GOES_ON = words(
    "showground industrial retail business shopping trading leisure science enterprise market car and & north south east west level"
)

# A number after one of these counts something that is no door: "Terminal 5".
COUNTED = words("no nos number terminal gate zone phase junction platform pier hangar route level store since est")

# A street's name that is a site's where a street is named after it: "Larch Yard, Tan Lane".
YARDS = words("yard")

# Two words that act as one in what ends a name.
PAIRS = {
    ("market", "hall"): "market_hall",
    ("car", "boot"): "market",
    ("markets", "hall"): "market_hall",
    ("retail", "park"): "retail_park",
    ("business", "park"): "business_park",
    ("trading", "park"): "business_park",
    ("industrial", "park"): "business_park",
    ("enterprise", "park"): "business_park",
    ("shopping", "park"): "retail_park",
    ("shopping", "city"): "centre",
}

# Designator → class. Only units of one class can be the same door: Flat 3 is not Shop 3, a market's Stall 7 is not its Unit 7.
DESIGNATORS = {
    "unit": "unit",
    "units": "unit",
    "shop": "unit",
    "shops": "unit",
    "store": "unit",
    "workshop": "unit",
    "bay": "unit",
    "arch": "unit",
    "arches": "unit",
    "lockup": "unit",
    "lock up": "unit",
    "lock-up": "unit",
    "plot": "unit",
    "storage unit": "container",
    "cage": "container",
    "cages": "container",
    "container": "container",
    "containers": "container",
    "stall": "stall",
    "stalls": "stall",
    "stand": "stall",
    "pitch": "stall",
    "kiosk": "kiosk",
    "booth": "stall",
    "concession": "stall",
    "flat": "flat",
    "flats": "flat",
    "apartment": "flat",
    "apt": "flat",
    "room": "room",
    "suite": "suite",
    "suites": "suite",
    "office": "suite",
    "offices": "suite",
    "studio": "suite",
    "block": "block",
}

# What parts the stalls of a market and the units of an estate, and numbers them anew: Stall 14 of Row B is not Stall 14 of Row C. A
# number that a building within a complex has ("Unit 2, 2 Larch Centre, 101 Tan Lane") does the same. `NUMBERED` is that part's word.
ROWS = words("row aisle avenue line gate")
NUMBERED = "number"
WITHIN = ROWS | {"block", NUMBERED}

_COUNTED = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
)
NUMBER_WORDS = {word: str(number) for number, word in enumerate(_COUNTED, 1)}
ORDINALS = {
    "ground": "ground",
    "gnd": "ground",
    "first": "1",
    "1st": "1",
    "second": "2",
    "2nd": "2",
    "third": "3",
    "3rd": "3",
    "fourth": "4",
    "4th": "4",
    "fifth": "5",
    "5th": "5",
    "top": "top",
    "lower ground": "lower ground",
    "upper ground": "upper ground",
}

# Words in a business's name that tell nobody apart: legal forms, trades, filler.
TRADES = words(
    "ltd limited plc llp llc inc co company group trading traders t/a ta shop shops store stores outlet retail cafe coffee bar restaurant "
    "takeaway pub inn hotel bistro kitchen grill deli bakery tea room rooms tearoom tearooms demonstration official online"
)
GENERIC = TRADES | words("the and of at in a an uk gb house")

# Words that make two streets of two that are otherwise spelt alike: no misspelling turns one into the other.
TELLING = words("north south east west upper lower old new great little inner outer first second third fourth fifth high low")
DIRECTIONS = words("north south east west")

# Words of an estate's or a centre's name that some leave out.
FILLER = words("industrial trading business shopping retail enterprise park")

# What says of which kind a building is: some leave it out ("Larch Walk" for Larch Walk Shopping Centre).
KINDS = words(
    "self storage shopping retail industrial trading business enterprise centre estate park arcade market hall mall outlet warehouse car boot sale"
)

# Words of talk: what holds one names no town and numbers no door.
TALK = words("ur u your you me my im dont cant thru lol thats gonna just leave bring tell ask knock buzz buzzer open one by each not")

# Things by which somebody is found, and days: no towns either.
LANDMARKS = words(
    "door doors shutter shutters gate gazebo tent table van car sign entrance stairs lift escalators counter pair "
    "monday tuesday wednesday thursday friday saturday sunday daily"
)

# The part that is a counter of one business in another's shop.
INSIDE = "inside"

# After these "st" has been Saint: "Bury St Edmunds", "St Albans Road"; else it ends a street's name ("Larch St Wexcombe").
SAINTS = words(
    "agnes albans alban andrews andrew annes anns anne ann asaph augustine augustines austell barnabas bees botolphs brides bride catherines "
    "chads clears clement clements columb cuthberts davids david denys dunstans edmunds edmund francis george georges giles helens "
    "helen helier ives james john johns josephs judes just keverne lawrence leonards lukes luke margarets margaret marks mark martins "
    "martin mary marys matthews mawes michaels michael neots nicholas olaves oswalds osyth pauls paul pancras patricks peter peters "
    "philips saviours sepulchre stephen stephens swithins thomas vincent"
)

# Counties and words of counties' names: two addresses that share one may be fifty miles apart.
COUNTIES = words(
    "the and near nr county greater upon under next city borough royal uk united kingdom england scotland wales ireland "
    "yorkshire lancashire lancs cheshire merseyside cumbria derbyshire notts nottinghamshire lincolnshire lincs leicestershire leics "
    "staffordshire staffs shropshire warwickshire worcestershire worcs herefordshire gloucestershire glos oxfordshire oxon "
    "buckinghamshire bucks bedfordshire beds hertfordshire herts cambridgeshire cambs northamptonshire northants norfolk suffolk essex "
    "kent surrey sussex hampshire hants berkshire berks wiltshire wilts dorset somerset devon cornwall avon midlands tyne wear "
    "northumberland cleveland humberside rutland glamorgan gwent dyfed powys clwyd gwynedd anglesey antrim armagh down fermanagh "
    "londonderry tyrone lanarkshire renfrewshire ayrshire aberdeenshire perthshire fife lothian dumfriesshire middlesex middx"
)
NO_TOWN = STREETS | BUILDINGS | DIRECTIONS | COUNTIES

# The commonest names of streets: a town of some size has several of each, so that number and name alone do not say where.
COMMON_STREETS = words(
    "high main church station london victoria park green manor queen queens king kings new grange mill york albert george school "
    "market north south east west chapel bridge springfield richmond grove windsor highfield stanley hill mary marys john johns the"
)
