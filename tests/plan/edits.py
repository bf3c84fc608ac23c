"""Edits of a real project's files: those that pay nothing, and those that must pay."""

from __future__ import annotations

from tests.plan.edited import (
    BASE,
    COURSE,
    CUSTOMERS,
    OFFICE,
    PROJECT,
    SLIDE,
    Edit,
    do,
    each,
    line,
    move,
    nfd,
    remove,
    swap,
    write,
)

PRICING = [f"pricing/{lang}-{plan}" for lang in ("de", "en") for plan in ("enterprise", "team")]
CUSTOMER = ["customers/globex", "customers/initech"]
EVERYTHING = [
    "basics/one",
    "basics/two",
    "cafe",
    *CUSTOMER,
    "fixed",
    "loose",
    *PRICING,
    "secret",
    "story",
    "tour",
    "welcome",
]
COURSE_FILE = "courses/basics/_course.yaml"
TWO_FILE = "courses/basics/two.txt"
TOUR_FILE = "scripts/tour.md.j2"
CUSTOMER_FILE = "scripts/customer.j2"
DATA_FILE = "data/customers.csv"
FACTS_FILE = "facts/release.json"
FAST = "voice_settings: {speed: 1.1, engine_settings: {engine_type: elevenlabs, stability: 0.5}}"
SHARPER = "      - {when: {lang: en}, set: {resolution: 4k}}\n"
AS_EVER = "      - {when: {lang: en}, set: {resolution: 1080p}}\n"


def all_but(*names: str) -> list[str]:
    return [name for name in EVERYTHING if name not in names]


# These leave everything as it is.
FREE: dict[str, Edit] = {
    "a comment": swap("  tour:\n", "  tour:  # the long one\n"),
    "a comment in a template": swap("This is", "{# soon #}This is", file=TOUR_FILE),
    "empty lines": each(r"\nvideos:", "\n\n\nvideos:"),
    "a document marker": each(r"(?s)^(.*)$", r"%YAML 1.2\n---\n\1...\n"),
    "indentation": each(r"(?m)^( +)", r"\1\1\1", COURSE_FILE),
    "keys in another order": swap(
        "    title: Welcome to {{ product }}\n",
        "",
        "{{ release.version }}.\n",
        "{{ release.version }}.\n    title: Welcome to {{ product }}\n",
    ),
    "videos in another order": swap(
        "  fixed:\n    script: Signed off.\n    protect: true\n",
        "",
        "\nvideos:\n",
        "\nvideos:\n  fixed:\n    script: Signed off.\n    protect: true\n",
    ),
    "quotes": swap(
        "script: Between us.",
        'script: "Between us."',
        "avatar_id: anna\n  voice",
        "'avatar_id': 'anna'\n  voice",
    ),
    "escapes": swap("script: Signed off.", 'script: "Signed\\x20off."'),
    "flow for block": swap(
        "  fixed:\n    script: Signed off.\n    protect: true\n",
        "  fixed: {script: Signed off., protect: true}\n",
    ),
    "a literal block": swap("script: Signed off.", "script: |\n      Signed off."),
    "a folded block": swap("script: Between us.", "script: >-\n      Between\n      us."),
    "a block that keeps its end": swap(
        "script: |\n", "script: |+\n", "Ready?\n", "Ready?\n\n\n", file=COURSE_FILE
    ),
    "a plain text over two lines": swap("script: Signed off.", "script: Signed\n      off."),
    "text moved to a file": do(
        swap("script: Signed off.", "script: {file: scripts/fixed.txt}"),
        write("scripts/fixed.txt", "Signed off.\n"),
    ),
    "text moved out of a file": do(
        swap("{file: two.txt}", "Part two.", file=COURSE_FILE), remove(TWO_FILE)
    ),
    "text moved to a template that is included": do(
        swap("This is the tour.", "{% include '_it.j2' %}", file=TOUR_FILE),
        write("scripts/_it.j2", "This is the tour.\n"),
    ),
    "Windows line ends": each(
        r"\n",
        "\r\n",
        "vidbuild.yaml",
        "base.yaml",
        TOUR_FILE,
        "scripts/_intro.j2",
        "strings.csv",
        DATA_FILE,
        TWO_FILE,
    ),
    "a byte order mark": each(r"\A", "\ufeff", "vidbuild.yaml", TOUR_FILE, DATA_FILE, FACTS_FILE),
    "trailing blanks": each(r"(?m)([a-z.])$", r"\1  \t", TOUR_FILE, TWO_FILE),
    "blanks between words": swap("This is the tour.", "This  is\tthe   tour. ", file=TOUR_FILE),
    "more empty lines in a script": swap("part one.\n\n", "part one.\n\n\n\n", file=COURSE_FILE),
    "no line end at the end": each(r"\n\Z", "", "vidbuild.yaml", CUSTOMER_FILE, DATA_FILE),
    "accents in two code points": nfd,
    "a default written out": line("cafe", 'aspect_ratio: "16:9"'),
    "a default written out for all": swap(
        "  type: avatar\n  avatar_id", "  aspect_ratio: '16:9'\n  type: avatar\n  avatar_id"
    ),
    "defaults written out at depth": line(
        "cafe", "voice_settings: {speed: 1.0, pitch: 0, volume: 1}"
    ),
    "a default left out": write("base.yaml", BASE.replace("defaults: {output_format: mp4}\n", "")),
    "a default written out in a list": swap(
        '/a.mp4"}}', '/a.mp4"}, playback: {volume: 1.0, mute: false}}'
    ),
    "null for a default": line("cafe", "caption: null"),
    "an empty optional object": line("cafe", "voice_settings: {}"),
    "a number written otherwise": swap(
        "speed: 1.1,", "speed: 1.10,", "stability: 0.5", "stability: 5e-1"
    ),
    "a whole number as a float": swap("duration: 4}", "duration: 4.0}"),
    "a value repeated by the video": line("cafe", "voice_id: vera"),
    "a template for a text": swap("script: Signed off.", "script: \"{{ 'Signed off.' }}\""),
    "blanks in a template's braces": swap(
        "Hi {{ each.first_name }}", "Hi {{each.first_name}}", file=CUSTOMER_FILE
    ),
    "a filter that changes nothing": swap(
        "each.company }}", "each.company | trim }}", file=CUSTOMER_FILE
    ),
    "a loop that counts otherwise": swap("{% set n = 2 %}", "{% set n = 1 + 1 %}", file=TOUR_FILE),
    "a template renamed": do(
        move(TOUR_FILE, "scripts/round.j2"), swap(TOUR_FILE, "scripts/round.j2")
    ),
    "an included template renamed": do(
        move("scripts/_intro.j2", "shared/hello.txt"),
        swap('"_intro.j2"', '"../shared/hello.txt"', file=TOUR_FILE),
    ),
    "a data file renamed": do(
        move(DATA_FILE, "data/people.csv"), swap(DATA_FILE, "data/people.csv")
    ),
    "a media file renamed": do(
        move("media/office.png", "pictures/hall.png"), swap("media/office.png", "pictures/hall.png")
    ),
    "a media file copied": do(
        write("media/new.png", OFFICE), swap("media/office.png", "media/new.png")
    ),
    "an included file renamed": do(
        move(COURSE_FILE, "courses/first/_course.yaml"), move(TWO_FILE, "courses/first/two.txt")
    ),
    "an included file split": do(
        swap("  two:\n    script: {file: two.txt}\n", "", file=COURSE_FILE),
        write(
            "courses/extra/_course.yaml",
            COURSE[: COURSE.index("videos:")] + "videos: {two: {script: {file: two.txt}}}\n",
        ),
        move(TWO_FILE, "courses/extra/two.txt"),
    ),
    "a prefix written into the names": swap(
        "prefix: basics/\n",
        "",
        "  one:\n",
        "  basics/one:\n",
        "  two:\n",
        "  basics/two:\n",
        file=COURSE_FILE,
    ),
    "a video moved to an included file": do(
        swap("  fixed:\n    script: Signed off.\n    protect: true\n", ""),
        write("courses/z/_course.yaml", "videos: {fixed: {script: Signed off., protect: true}}\n"),
    ),
    "an anchor": swap(
        "background: {type: color, value",
        "background: &dark {type: color, value",
        "  cafe:\n",
        "  cafe:\n    background: *dark\n",
    ),
    "a merge key": swap(
        "\nvideos:\n",
        f"\nx-fast: &fast {{{FAST}}}\nvideos:\n",
        "  tour:\n",
        "  tour:\n    <<: *fast\n",
        f"    {FAST}\n",
        "",
    ),
    "semicolons in a table": each(",", ";", DATA_FILE),
    "tabs in a table": each(",", "\t", DATA_FILE),
    "columns in another order": write(
        DATA_FILE, "seats,id,company,first_name\n12,globex,Globex,Hank\n3,initech,Initech,Bill\n"
    ),
    "one more column": each(r"(?m)$(?<=.)", ",x1", "strings.csv"),
    "rows in another order": write(
        DATA_FILE, "\n".join([*CUSTOMERS.split("\n")[:1], *reversed(CUSTOMERS.split("\n")[1:3])])
    ),
    "quoted cells": each(r"(Hank|Globex)", r'"\1"', DATA_FILE),
    "blanks around cells": each(r",", " , ", DATA_FILE),
    "a table as JSON": do(
        swap("{file: data/customers.csv, types: {seats: int}}", "{file: data/customers.json}"),
        write(
            "data/customers.json",
            '[{"id":"globex","first_name":"Hank","company":"Globex","seats":12},{"id":"initech","first_name":"Bill","company":"Initech","seats":3}]',
        ),
    ),
    "rows that are left out by a condition": do(
        write(DATA_FILE, CUSTOMERS + "acme,,Acme,1\n"),
        swap("types: {seats: int}}", "types: {seats: int}, where: each.first_name}"),
    ),
    "JSON with more white space": write(
        FACTS_FILE, '{\n  "date": "2026-11-22",\n  "version": "4.1"\n}\n'
    ),
    "a fact that nobody asks for": swap("2026-11-22", "2026-12-24", file=FACTS_FILE),
    "a variable that nobody asks for": swap("nobody asks", "nobody, still"),
    "a variable moved to the base": do(
        swap("  product: Acme Cloud\n", ""),
        write("base.yaml", BASE.replace("{house: Acme}", "{house: Acme, product: Acme Cloud}")),
    ),
    "a variable moved to the video": swap(
        "vars: {course: Basics}\n",
        "",
        "  one:\n",
        "  one:\n    vars: {course: Basics}\n",
        file=COURSE_FILE,
    ),
    "a variable made of another": swap("product: Acme Cloud", 'product: "{{ house }} Cloud"'),
    "a base split in two": do(
        swap("base: [base.yaml]", "base: [vars.yaml, base.yaml]"),
        write("vars.yaml", "vars: {house: Acme}\n"),
        write("base.yaml", "defaults: {output_format: mp4}\n"),
    ),
    "defaults moved to the base": do(
        swap("  resolution: 1080p\n", ""),
        write("base.yaml", BASE.replace("{output_format", "{resolution: 1080p, output_format")),
    ),
    "a default written on each video": swap(
        "defaults: {caption: {style: default}}\n",
        "",
        "  one:\n",
        "  one:\n    caption: {style: default}\n",
        "  two:\n",
        "  two:\n    caption: {style: default}\n",
        file=COURSE_FILE,
    ),
    "fields under `request`": swap(
        "    background: {type: image,",
        "    request: {resolution: 720p}\n    background: {type: image,",
        "    resolution: 720p\n    voice",
        "    voice",
    ),
    "a profile that nobody asked for": swap(
        "vars: {product: Acme Pilot}", "vars: {product: Acme Test}"
    ),
    "a matrix in another order": swap(
        "matrix: {lang: [en, de], plan: [team, enterprise]}",
        "matrix: {plan: [enterprise, team], lang: [de, en]}",
    ),
    "a matrix as a list": swap(
        "\n      matrix: {lang: [en, de], plan: [team, enterprise]}",
        "".join(
            f"\n      - {{lang: {lang}, plan: {plan}}}"
            for lang in ("de", "en")
            for plan in ("team", "enterprise")
        ),
    ),
    "a loop written out": do(
        swap(
            PROJECT[PROJECT.index("  customer:") : PROJECT.index("  story:")],
            "".join(
                f"  customers/{i}: {{script: 'Hi {n} of {c}, {s} seats.'}}\n"
                for i, n, c, s in (
                    ("globex", "Hank", "Globex", 12),
                    ("initech", "Bill", "Initech", 3),
                )
            ),
        )
    ),
    "an override that matches nothing": swap(
        "    overrides:\n", "    overrides:\n      - {when: {lang: fr}, set: {resolution: 4k}}\n"
    ),
    "an override by expression": swap("when: {lang: de}", "when: each.lang == 'de'"),
    "overrides that take each other back": swap(
        "    overrides:\n",
        f"    overrides:\n{SHARPER}{AS_EVER}",
    ),
    "tags": swap("tags: [short]", "tags: [brief, lobby]"),
    "notes of the user's own": swap("x-note: for the lobby", "x-owner: Ada"),
    "a policy": each(r"\Z", "policy: {max_cost: 5, max_renders: 3}\n"),
    "keep_history": swap("keep_history: 3", "keep_history: 9"),
    "callbacks": line("cafe", "callback_url: https://hooks.example.org/done\n    callback_id: c1"),
    "an ignored field": swap(
        "script: As it was.", "script: As it never was.\n    voice_settings: {speed: 1.5}"
    ),
    "another spelling of a path": swap(
        "{file: media/office.png}", "{file: ./media/../media/office.png}"
    ),
    "ignore_changes": line("cafe", "ignore_changes: [background, title]"),
    "revision one": line("cafe", "revision: 1"),
    "a profile with the same values": swap(
        "  same: {set: {resolution: 1080p}}\n", "  same: {set: {aspect_ratio: '16:9'}}\n"
    ),
}

# Edit, and what happens to whom; still nothing is rendered.
MOVING: dict[str, tuple[Edit, dict[str, str]]] = {
    "a title": (swap("title: Welcome to", "title: Hello and welcome to"), {"welcome": "update"}),
    "protect": (swap("    protect: true\n", ""), {"fixed": "update"}),
    "private no more": (swap("    private: true\n", ""), {"secret": "update"}),
    "private from now on": (line("cafe", "private: true"), {"cafe": "update"}),
    "a video renamed": (swap("  cafe:\n", "  bar/cafe:\n"), {"bar/cafe": "reuse"}),
    "a video renamed by case alone": (swap("  cafe:\n", "  Cafe:\n"), {"Cafe": "reuse"}),
    "a private video renamed": (swap("  secret:\n", "  hush:\n"), {"hush": "reuse"}),
    "a protected video renamed": (swap("  fixed:\n", "  final:\n"), {"final": "reuse"}),
    "a prefix": (
        swap("prefix: basics/", "prefix: start/", file=COURSE_FILE),
        {"start/one": "reuse", "start/two": "reuse"},
    ),
    "a loop's names": (
        swap("name: customers/{{", "name: people/{{"),
        {f"people/{n[10:]}": "reuse" for n in CUSTOMER},
    ),
    "the name of a row": (
        each("globex,", "globex-inc,", DATA_FILE),
        {"customers/globex-inc": "reuse"},
    ),
    "names swapped": (
        swap(
            "  cafe:\n",
            "  X:\n",
            "  loose:\n",
            "  cafe:\n",
            "  X:\n",
            "  loose:\n",
            "    ignore_changes: [script, voice_settings.speed]\n",
            "",
        ),
        {"cafe": "reuse", "loose": "reuse"},
    ),
    "a twin": (
        swap("\nvideos:\n", "\nvideos:\n  again: {script: Signed off.}\n"),
        {"again": "reuse"},
    ),
    "a video that goes": (
        swap("  secret:\n    script: Between us.\n    private: true\n", ""),
        {"secret": "orphan"},
    ),
    "a row that goes": (
        swap("initech,Bill,Initech,3\n", "", file=DATA_FILE),
        {"customers/initech": "orphan"},
    ),
}

# Edit, and the names that it renders.
PAID: dict[str, tuple[Edit, list[str]]] = {
    "one word": (swap("Signed off.", "Signed, off."), ["fixed"]),
    "a word in a template": (swap("the tour", "a tour", file=TOUR_FILE), ["tour"]),
    "a word in an included template": (
        swap("Welcome to", "Hello from", file="scripts/_intro.j2"),
        ["tour"],
    ),
    "punctuation": (swap("Un caf\u00e9,", "Un caf\u00e9"), ["cafe"]),
    "an accent": (swap("caf\u00e9", "cafe"), ["cafe"]),
    "a capital letter": (swap("Between us.", "between us."), ["secret"]),
    "a paragraph": (swap("part one.\n\n", "part one.\n", file=COURSE_FILE), ["basics/one"]),
    "another apostrophe": (swap("s'il", "s\u2019il"), ["cafe"]),
    "a number": (swap("4.1", "4.2", file=FACTS_FILE), ["welcome"]),
    "a number as it is written": (swap('"4.1"', '"4.10"', file=FACTS_FILE), ["welcome"]),
    "a variable": (swap("product: Acme Cloud", "product: Acme Sky"), ["tour", "welcome"]),
    "a variable of the base": (
        swap("house: Acme", "house: ACME", file="base.yaml"),
        ["basics/one"],
    ),
    "a variable of an included file": (
        swap("course: Basics", "course: The basics", file=COURSE_FILE),
        ["basics/one"],
    ),
    "a data cell": (swap("Hank", "Henry", file=DATA_FILE), ["customers/globex"]),
    "a typed data cell": (swap("12", "13", file=DATA_FILE), ["customers/globex"]),
    "a cell of a table of words": (
        swap("Preis von", "Was kostet", file="strings.csv"),
        PRICING[:2],
    ),
    "a loop's template": (swap("Hi ", "Hello ", file=CUSTOMER_FILE), CUSTOMER),
    "a column that prints otherwise": (
        swap("each.first_name", "each.first_name | upper", file=CUSTOMER_FILE),
        CUSTOMER,
    ),
    "the voice": (line("cafe", "voice_id: victor"), ["cafe"]),
    "the voice's case": (line("cafe", "voice_id: Vera"), ["cafe"]),
    "the avatar": (line("cafe", "avatar_id: bob"), ["cafe"]),
    "the speed of a voice": (swap("speed: 1.1,", "speed: 1.2,"), ["tour"]),
    "a setting at depth": (swap("stability: 0.5", "stability: 0.6"), ["tour"]),
    "the engine of a voice": (swap("engine_type: elevenlabs", "engine_type: fish"), ["tour"]),
    "an override": (swap("set: {voice_id: german,", "set: {voice_id: austrian,"), PRICING[:2]),
    "an override's condition": (swap("when: {lang: de}", "when: {lang: [de, en]}"), PRICING[2:]),
    "the order of overrides": (
        swap(
            "    overrides:\n",
            f"    overrides:\n{AS_EVER}{SHARPER}",
        ),
        PRICING[2:],
    ),
    "scenes in another order": (
        swap(
            '      - {type: video, source: {type: url, url: "https://example.org/a.mp4"}}\n',
            "",
            "    scenes:\n",
            '    scenes:\n      - {type: video, source: {type: url, url: "https://example.org/a.mp4"}}\n',
        ),
        ["story"],
    ),
    "one scene fewer": (
        swap('      - {type: video, source: {type: url, url: "https://example.org/a.mp4"}}\n', ""),
        ["story"],
    ),
    "a script in a scene": (swap("script: One.", "script: One, two."), ["story"]),
    "a setting in a scene": (
        swap("voice_settings: {speed: 1.2}", "voice_settings: {speed: 1.3}"),
        ["story"],
    ),
    "how long a scene is": (swap("duration: 4}", "duration: 4.5}"), ["story"]),
    "the volume of a scene": (swap('/a.mp4"}}', '/a.mp4"}, playback: {volume: 0.5}}'), ["story"]),
    "a URL": (swap("org/a.mp4", "org/b.mp4"), ["story"]),
    "a background's colour": (line("cafe", 'background: {value: "#101821"}'), ["cafe"]),
    "a background's kind": (
        line("cafe", "background: {type: image, url: 'https://example.org/a.png'}"),
        ["cafe"],
    ),
    "no background": (line("cafe", "background: null"), ["cafe"]),
    "a scene's background": (
        swap('color: "#101820"}\n      -', 'color: "#202020"}\n      -'),
        ["story"],
    ),
    "what a media file holds": (write("media/office.png", SLIDE), ["tour"]),
    "what a media file in a scene holds": (write("media/slide.png", OFFICE), ["story"]),
    "a media file with one byte more": (write("media/office.png", OFFICE + b"\n"), ["tour"]),
    "another media file": (swap("media/office.png", "media/slide.png"), ["tour"]),
    "a URL for a file": (
        swap("asset_id: {file: media/office.png}", "url: 'https://example.org/a.png'"),
        ["tour"],
    ),
    "revision": (line("cafe", "revision: 2"), ["cafe"]),
    "revision of a protected video": (line("fixed", "revision: 2"), ["fixed"]),
    "the discriminator": (
        swap(
            "  cafe:\n",
            "  cafe:\n    type: image\n    image: {type: url, url: 'https://example.org/a.png'}\n",
        ),
        ["cafe"],
    ),
    "a default": (
        swap("resolution: 1080p\n  background", "resolution: 4k\n  background"),
        all_but("tour"),
    ),
    "a default that was left out": (
        swap("defaults:\n  type", "defaults:\n  fit: contain\n  type"),
        all_but("story"),
    ),
    "a default of an included file": (
        swap("defaults: {caption: {style: default}}\n", "", file=COURSE_FILE),
        ["basics/one", "basics/two"],
    ),
    "a default of the base": (
        swap("output_format: mp4", "caption: {style: default}", file="base.yaml"),
        all_but("basics/one", "basics/two"),
    ),
    "a field that stands for its default, spoken out otherwise": (
        line("cafe", 'aspect_ratio: "9:16"'),
        ["cafe"],
    ),
    "false where nothing was said": (line("cafe", "remove_background: true"), ["cafe"]),
    "captions": (line("cafe", "caption: {style: default}"), ["cafe"]),
    "a field beside the ignored ones": (line("loose", "resolution: 4k"), ["loose"]),
    "ignoring no more": (
        swap("    ignore_changes: [script, voice_settings.speed]\n", "", "As it was.", "As it is."),
        ["loose"],
    ),
    "a new video": (swap("\nvideos:\n", "\nvideos:\n  new: {script: New.}\n"), ["new"]),
    "a new row": (write(DATA_FILE, CUSTOMERS + "acme,Ann,Acme,1\n"), ["customers/acme"]),
    "a new value of a matrix": (
        swap("plan: [team, enterprise]", "plan: [team, enterprise, solo]"),
        ["pricing/de-solo", "pricing/en-solo"],
    ),
    "two new twins": (
        swap("\nvideos:\n", "\nvideos:\n  a: {script: New.}\n  b: {script: New.}\n"),
        ["a"],
    ),
    "an escape that is text elsewhere": (
        swap("script: Signed off.", "script: Signed\\x20off."),
        ["fixed"],
    ),
    "renamed and edited": (
        swap("  cafe:\n", "  bar:\n", "Un caf\u00e9", "Deux caf\u00e9s"),
        ["bar"],
    ),
    "another provider": (swap("provider: studio", "provider: heygen"), EVERYTHING),
}
