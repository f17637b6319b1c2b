"""A configuration file with mistakes: each is named with its place, and nothing is stored."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from syncapp.messages import render
from syncapp.models import DirectoryServer, Endpoint, NumberPool
from syncapp.services.configure import ConfigurationFileError, configure
from tests.configuration_files import POOL, SERVER, SERVER_WITH_ACCOUNT, apply, mistakes_in, write
from tests.factories import make_server

pytestmark = pytest.mark.django_db

HEAD = 'directory "Head office"'
OFFICE = 'number_pool "Office"'

# What is added to a good section of a server, and the one mistake in it.
IN_A_SERVER: dict[str, tuple[str, str, str]] = {
    "unknown_key": ("colour = 1", "colour", "key_unknown"),
    "misspelled_key": ('bind_pasword = "x"', "bind_pasword", "key_unknown_near"),
    "number_for_a_text": ("base_dn = 5", "base_dn", "text_expected"),
    "date_for_a_text": ("base_dn = 2026-01-01", "base_dn", "text_expected"),
    "text_for_a_truth_value": ('enabled = "yes"', "enabled", "boolean_expected"),
    "number_for_a_truth_value": ("write_back = 1", "write_back", "boolean_expected"),
    "text_for_a_number": ('rank = "1"', "rank", "number_expected"),
    "truth_value_for_a_number": ("rank = true", "rank", "number_expected"),
    "fraction_for_a_number": ("rank = 1.5", "rank", "number_expected"),
    "number_too_large": ("rank = 40000", "rank", "number_expected"),
    "number_too_small": ("rank = -1", "rank", "number_expected"),
    "text_for_a_list": ('search_bases = "DC=corp"', "search_bases", "list_expected"),
    "number_in_a_list": ('departments = ["Sales", 5]', "departments 2", "text_expected"),
    "empty_text_in_a_list": ('match_keys = ["email", ""]', "match_keys 2", "value_empty"),
    "text_for_a_table": ('schedule = "hourly"', "schedule", "table_expected"),
    "list_for_a_table": ("limits = [5, 10, 1000]", "limits", "table_expected"),
    "table_for_a_text": ("user_filter = { a = 1 }", "user_filter", "text_expected"),
    "unknown_choice": ('kind = "novell"', "kind", "choice_unknown"),
    "choice_in_capitals": ('create = "ALL"', "create", "choice_unknown"),
    "line_break_in_a_text": (r'base_dn = "DC=a\nb"', "base_dn", "control_character"),
    "nul_in_a_text": (r'user_filter = "(a=\u0000)"', "user_filter", "control_character"),
    "text_too_long": (f'number_plan = "{"x" * 51}"', "number_plan", "text_too_long"),
    "required_text_empty": ('number_plan = ""', "number_plan", "value_empty"),
    "clear_address": ('security = "none"', "uris", "uri_scheme_differs"),
    "base_no_dn": ('base_dn = "corp"', "base_dn", "dn_malformed"),
    "search_base_outside": (
        'base_dn = "DC=corp"\nsearch_bases = ["OU=x,DC=other"]',
        "search_bases",
        "dn_outside_base",
    ),
    "filter_unbalanced": ('user_filter = "(a=b"', "user_filter", "filter_malformed"),
    "unknown_region": ('region = "XX"', "region", "region_unknown"),
    "unknown_match_key": ('match_keys = ["email", "phone"]', "match_keys", "match_key_unknown"),
    "match_key_twice": ('match_keys = ["email", "email"]', "match_keys", "match_key_twice"),
    "departments_without_attribute": (
        'departments = ["Sales"]',
        "department_attribute",
        "department_attribute_missing",
    ),
    "unknown_limit": ("limits = { deleted = [1, 2, 3] }", "limits", "limit_kind_unknown"),
    "limit_of_two_figures": ("limits = { lost = [1, 2] }", "limits", "limit_malformed"),
    "misspelled_schedule": ("schedule = { every_minute = 5 }", "schedule, every_minute", "key_unknown_near"),
    "schedule_of_two_kinds": (
        'schedule = { every_minutes = 5, cron = "* * * * *" }',
        "schedule",
        "schedule_malformed",
    ),
    "schedule_empty": ("schedule = {}", "schedule", "schedule_malformed"),
    "schedule_not_off": ("schedule = { off = false }", "schedule", "schedule_malformed"),
    "schedule_every_zero_minutes": (
        "schedule = { every_minutes = 0 }",
        "schedule, every_minutes",
        "number_expected",
    ),
    "wrong_cron": ('schedule = { cron = "often" }', "schedule", "schedule_cron"),
    "unknown_pool": ('number_pool = "Attic"', "number_pool", "pool_unknown"),
    "unknown_pool_among_several": (
        'number_pools = [{ name = "Office" }, { name = "Attic" }]',
        "number_pools 2, name",
        "pool_unknown",
    ),
    "pool_without_name": ('number_pools = [{ ou = "DC=corp" }]', "number_pools 1, name", "key_missing"),
    "pool_with_unknown_key": (
        'number_pools = [{ name = "Office", departmnt = "Sales" }]',
        "number_pools 1, departmnt",
        "key_unknown_near",
    ),
    "pool_for_ou_and_department": (
        'number_pools = [{ name = "Office", ou = "DC=corp", department = "Sales" }]',
        "number_pools 1",
        "pool_for_two",
    ),
    "pool_for_an_ou_that_is_no_dn": (
        'number_pools = [{ name = "Office", ou = "Sales" }]',
        "number_pools 1, ou",
        "dn_malformed",
    ),
    "pool_for_an_ou_elsewhere": (
        'base_dn = "DC=corp"\nnumber_pools = [{ name = "Office", ou = "DC=other" }]',
        "number_pools 1, ou",
        "dn_outside_base",
    ),
    "pools_as_texts": ('number_pools = ["Office"]', "number_pools 1", "table_expected"),
    "pools_in_both_ways": (
        'number_pool = "Office"\nnumber_pools = [{ name = "Office" }]',
        "number_pools",
        "pools_given_twice",
    ),
    "password_without_account": ('bind_password = "x"', "bind_dn", "account_missing"),
    "account_without_password": ('bind_dn = "cn=sync"', "bind_password", "password_missing"),
    "mapping_as_a_table": ("mapping = { name = 1 }", "mapping", "sections_expected"),
    "mapping_as_texts": ('mapping = ["mail"]', "mapping 1", "table_expected"),
    "mapping_without_field": ('mapping = [{ attribute = "mail" }]', "mapping 1, field", "key_missing"),
    "mapping_without_attribute": ('mapping = [{ field = "email" }]', "mapping 1 (email), attribute", "key_missing"),
    "mapping_of_an_unknown_field": (
        'mapping = [{ field = "fax", attribute = "fax" }]',
        "mapping 1, field",
        "choice_unknown",
    ),
    "mapping_with_a_misspelled_key": (
        'mapping = [{ field = "email", attribute = "mail", dirction = "pull" }]',
        "mapping 1 (email), dirction",
        "key_unknown_near",
    ),
    "mapping_in_an_unknown_direction": (
        'mapping = [{ field = "email", attribute = "mail", direction = "up" }]',
        "mapping 1 (email), direction",
        "choice_unknown",
    ),
    "mapping_of_an_impossible_attribute": (
        'mapping = [{ field = "email", attribute = "e mail" }]',
        "mapping 1 (email), attribute",
        "mapping_attribute_invalid",
    ),
    "composition_pushed": (
        'mapping = [{ field = "name", attribute = "{givenName} {sn}", direction = "push" }]',
        "mapping 1 (name), direction",
        "mapping_push_needs_one_attribute",
    ),
    "pattern_not_read_back": (
        'mapping = [{ field = "extension", attribute = "ipPhone", direction = "both", pattern = "x(\\\\d+)" }]',
        "mapping 1 (extension), pattern",
        "mapping_pattern_not_read_back",
    ),
    "field_mapped_twice": (
        'mapping = [{ field = "email", attribute = "mail" }, { field = "email", attribute = "x" }]',
        "mapping 2 (email), field",
        "field_mapped_twice",
    ),
}


@pytest.mark.parametrize(("lines", "place", "code"), IN_A_SERVER.values(), ids=IN_A_SERVER.keys())
def test_mistake_in_a_server_is_named_with_its_place(tmp_path: Path, lines: str, place: str, code: str) -> None:
    assert mistakes_in(tmp_path, f"{POOL}{SERVER}{lines}") == [(f"{HEAD}, {place}", code)]


# What is added to a good section of a pool, and the one mistake in it.
IN_A_POOL: dict[str, tuple[str, str, str]] = {
    "unknown_key": ("colour = 1", "colour", "key_unknown"),
    "misspelled_key": ('reservd = ["250"]', "reservd", "key_unknown_near"),
    "reserved_as_a_text": ('reserved = "250"', "reserved", "list_expected"),
    "reserved_as_numbers": ("reserved = [250]", "reserved 1", "text_expected"),
    "reserved_outside": ('reserved = ["300"]', "reserved", "pool_reserved_outside"),
    "cool_down_below_zero": ("cool_down_days = -1", "cool_down_days", "number_expected"),
}


@pytest.mark.parametrize(("lines", "place", "code"), IN_A_POOL.values(), ids=IN_A_POOL.keys())
def test_mistake_in_a_pool_is_named_with_its_place(tmp_path: Path, lines: str, place: str, code: str) -> None:
    assert mistakes_in(tmp_path, f"{POOL}{lines}") == [(f"{OFFICE}, {place}", code)]


WHOLE_FILES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "empty": ("# nothing", [("", "configuration_empty")]),
    "unknown_section": ("[[printer]]\nname = 'x'", [("printer", "key_unknown")]),
    "misspelled_section": ("[[directry]]\nname = 'x'", [("directry", "key_unknown_near")]),
    "single_brackets": ("[directory]\nname = 'x'", [("directory", "sections_expected")]),
    "section_is_a_number": ("number_pool = 5", [("number_pool", "sections_expected")]),
    "section_is_a_text": ("number_pool = ['Office']", [("number_pool 1", "table_expected")]),
    "server_without_name": (
        "[[directory]]\nuris = ['ldaps://dc']",
        [("directory 1, name", "key_missing")],
    ),
    "server_with_an_empty_name": ("[[directory]]\nname = ' '", [("directory 1, name", "value_empty")]),
    "server_with_a_number_for_a_name": ("[[directory]]\nname = 5", [("directory 1, name", "text_expected")]),
    "server_with_a_name_too_long": (
        f"[[directory]]\nname = '{'x' * 101}'",
        [(f'directory "{"x" * 101}", name', "text_too_long")],
    ),
    "new_server_without_address": ("[[directory]]\nname = 'Head office'", [(f"{HEAD}, uris", "key_missing")]),
    "new_pool_without_range": (
        "[[number_pool]]\nname = 'Office'",
        [(f"{OFFICE}, first", "key_missing"), (f"{OFFICE}, last", "key_missing")],
    ),
    "range_in_numbers": (
        "[[number_pool]]\nname = 'Office'\nfirst = 200\nlast = 299",
        [(f"{OFFICE}, first", "text_expected"), (f"{OFFICE}, last", "text_expected")],
    ),
    "range_reversed": (
        "[[number_pool]]\nname = 'Office'\nfirst = '299'\nlast = '200'",
        [(f"{OFFICE}, last", "pool_reversed")],
    ),
    "two_pools_of_one_name": (POOL + POOL, [(OFFICE, "name_twice")]),
    "two_servers_of_one_name": (SERVER + SERVER, [(HEAD, "name_twice")]),
    "two_names_that_differ_in_blanks": (
        SERVER + SERVER.replace("Head office", " Head office "),
        [(HEAD, "name_twice")],
    ),
    "second_section_of_a_name_is_judged_no_further": (
        f"{SERVER}[[directory]]\nname = 'Head office'\ncolour = 1\nregion = 'XX'",
        [(HEAD, "name_twice")],
    ),
    "wrong_security_is_not_held_against_the_addresses": (
        f"{SERVER}security = 'tls'",
        [(f"{HEAD}, security", "choice_unknown")],
    ),
    "wrong_base_is_not_held_against_the_search_bases": (
        f"{SERVER}base_dn = 5\nsearch_bases = ['DC=x', 'y']",
        [(f"{HEAD}, base_dn", "text_expected"), (f"{HEAD}, search_bases", "dn_malformed")],
    ),
    "wrong_pool_of_the_file_is_known_all_the_same": (
        f"{POOL}colour = 1\n{SERVER}number_pool = 'Office'",
        [(f"{OFFICE}, colour", "key_unknown")],
    ),
    "mistakes_of_one_section_stand_together": (
        f"{POOL}colour = 1\nreserved = ['1']\n{SERVER}colour = 1\nregion = 'XX'",
        [
            (f"{OFFICE}, colour", "key_unknown"),
            (f"{OFFICE}, reserved", "pool_reserved_outside"),
            (f"{HEAD}, colour", "key_unknown"),
            (f"{HEAD}, region", "region_unknown"),
        ],
    ),
}


@pytest.mark.parametrize(("content", "expected"), WHOLE_FILES.values(), ids=WHOLE_FILES.keys())
def test_mistakes_of_a_file(tmp_path: Path, content: str, expected: list[tuple[str, str]]) -> None:
    assert mistakes_in(tmp_path, content) == expected


MALFORMED: dict[str, tuple[str, int, int]] = {
    "no_value": ("[[directory]]\nname =\n", 2, 7),
    "text_not_closed": ('[[directory]]\nname = "x', 2, 10),
    "bracket_not_closed": ("[[directory]\n", 1, 12),
    "key_twice": ('[[directory]]\nname = "x"\nname = "y"\n', 3, 11),
}


@pytest.mark.parametrize(("content", "line", "column"), MALFORMED.values(), ids=MALFORMED.keys())
def test_place_of_a_mistake_in_the_toml(tmp_path: Path, content: str, line: int, column: int) -> None:
    with pytest.raises(ConfigurationFileError) as caught:
        apply(tmp_path, content)

    (mistake,) = caught.value.mistakes
    assert (mistake.message.code, mistake.message.params["line"], mistake.message.params["column"]) == (
        "toml_malformed",
        line,
        column,
    )


MONSTERS = {
    "number_of_thousands_of_digits": "x = " + "1" * 10_000,
    "thousands_of_brackets": "x = " + "[" * 100_000,
}


@pytest.mark.parametrize("content", MONSTERS.values(), ids=MONSTERS.keys())
def test_monstrous_file_is_refused(tmp_path: Path, content: str) -> None:
    assert mistakes_in(tmp_path, content) == [("", "toml_unreadable")]


def absent(folder: Path) -> Path:
    return folder / "absent.toml"


def a_folder(folder: Path) -> Path:
    return folder


def with_nul_in_its_name(folder: Path) -> Path:
    return folder / "a\0b"


def in_latin_1(folder: Path) -> Path:
    file = folder / "latin.toml"
    file.write_bytes(b"# caf\xe9")
    return file


UNREADABLE = [
    (absent, "file_unreadable"),
    (a_folder, "file_unreadable"),
    (with_nul_in_its_name, "file_unreadable"),
    (in_latin_1, "file_not_utf8"),
]


@pytest.mark.parametrize(("make", "code"), UNREADABLE, ids=[make.__name__ for make, _ in UNREADABLE])
def test_unreadable_file_is_named(tmp_path: Path, make: Callable[[Path], Path], code: str) -> None:
    with pytest.raises(ConfigurationFileError) as caught:
        configure(make(tmp_path))

    assert [mistake.message.code for mistake in caught.value.mistakes] == [code]


def test_byte_order_mark_of_a_windows_editor_is_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "servers.toml"
    file.write_bytes(b"\xef\xbb\xbf" + POOL.replace("\n", "\r\n").encode())

    configure(file)

    assert NumberPool.objects.get().name == "Office"


def test_one_mistake_keeps_the_whole_file_from_being_stored(tmp_path: Path) -> None:
    mistakes_in(tmp_path, f"{POOL}{SERVER}[[directory]]\nname = 'Branch'")

    assert (NumberPool.objects.count(), Endpoint.objects.count()) == (0, 0)


def test_one_mistake_keeps_stored_servers_as_they_were(tmp_path: Path) -> None:
    make_server(name="Head office", rank=1)

    mistakes_in(tmp_path, f"{SERVER}rank = 2\nregion = 'XX'")

    assert DirectoryServer.objects.get().rank == 1


def test_stored_settings_are_judged_together_with_those_of_the_file(tmp_path: Path) -> None:
    make_server(name="Head office", base_dn="DC=corp,DC=example")

    found = mistakes_in(tmp_path, "[[directory]]\nname = 'Head office'\nsearch_bases = ['DC=other']")

    assert found == [(f"{HEAD}, search_bases", "dn_outside_base")]


def test_name_of_a_server_of_another_kind_is_refused(tmp_path: Path) -> None:
    Endpoint.objects.create(name="Head office")

    assert mistakes_in(tmp_path, SERVER) == [(f"{HEAD}, name", "name_of_another_kind")]


def test_nearest_key_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFileError) as caught:
        apply(tmp_path, f"{SERVER}bse_dn = 'DC=corp'")

    assert caught.value.mistakes[0].message.params == {"near": "base_dn"}


@pytest.mark.promise(9)
@pytest.mark.parametrize(
    "lines",
    [
        "bind_pasword = 'hunter2'",
        "bind_password = { pasword = 'hunter2' }",
        "bind_password = ['hunter2']",
        "bind_password = 'hunter2\\u0000'".replace("'", '"'),
        "bind_password = 'hunter2'",
        "bind_dn = 'cn=x'\nbind_password = 'hunter2'\nregion = 'XX'",
        "bind_password = hunter2",
    ],
    ids=["misspelled_key", "unknown_source", "list", "nul", "no_account", "mistake_elsewhere", "no_quotation_marks"],
)
def test_no_mistake_shows_a_password(tmp_path: Path, lines: str) -> None:
    with pytest.raises(ConfigurationFileError) as caught:
        apply(tmp_path, f"{SERVER}{lines}")

    shown = [render(mistake.message.code, mistake.message.params) for mistake in caught.value.mistakes]
    assert "hunter2" not in f"{shown} {caught.value} {caught.value.mistakes!r}"


@pytest.mark.promise(9)
def test_refused_file_leaves_no_cause_that_could_show_its_content(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFileError) as caught:
        configure(write(tmp_path, SERVER_WITH_ACCOUNT + "\n= 5"))

    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


def test_every_mistake_can_be_said(tmp_path: Path) -> None:
    content = POOL + SERVER + "colour = 1\nregion = 'XX'\nnumber_pool = 'x'\nrank = 'x'\nkind = 'x'\n"

    with pytest.raises(ConfigurationFileError) as caught:
        apply(tmp_path, content)

    shown = [render(mistake.message.code, mistake.message.params) for mistake in caught.value.mistakes]
    assert (len(shown), [text for text in shown if re.search(r"%\(|None", text)]) == (5, [])
