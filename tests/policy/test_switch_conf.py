"""Sections and settings in Asterisk's configuration files."""

import pytest

from router.policy.switch_conf import parse_conf, setting


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("[vip]\nstrategy = leastrecent\n", {"vip"}),
        ("[vip](people)\n[truck](people,roads)\n", {"vip", "truck"}),
        ("[people](!)\n[seniors](!,people)\n[elder-care](seniors)\n", {"elder-care"}),
        ("[vip](+)\nmember => PJSIP/1\n", set()),
        ("[vip]\n[vip](+)\n", {"vip"}),
        ("  [vip]  (people) ; for VIPs\n", {"vip"}),
        ("; [vip]\n", set()),
        (";-- [vip]\n[truck]\n--;\n[expert]\n", {"expert"}),
        (";--- [vip]\n[truck]\n", {"truck"}),
        ("; see ;-- [vip]\n[truck]\n", {"truck"}),
        (";-- never ended\n[vip]\n", set()),
        ("[vip]\nname = a\\;b ; c\n[truck]\n", {"vip", "truck"}),
        ("[a b]\n[vip\n[truck]\n", {"a b", "truck"}),
        ("exten => s,1,Set(X=[vip])\n", set()),
        ("\ufeff[vip]\r\n[truck]\r\n", {"vip", "truck"}),
        ("", set()),
    ],
)
def test_the_sections_of_a_file_are_those_that_asterisk_has(text: str, sections: set[str]) -> None:
    assert {section.name for section in parse_conf(text).sections if section.is_own} == sections


def test_files_that_are_included_are_named_as_written() -> None:
    text = (
        '#include site/members.conf\n#include "my queues.conf" ; ours\n  #tryinclude <more/*.conf>\n'
        "; #include never.conf\n#exec /bin/true\n"
    )
    assert parse_conf(text).includes == ("site/members.conf", "my queues.conf", "more/*.conf")


@pytest.mark.parametrize(
    ("name", "value"),
    [("vip", "5"), ("expert", "20"), ("truck", "7"), ("senior", "10"), ("helper", "9"), ("other", None)],
)
def test_a_setting_is_the_templates_unless_the_section_says_otherwise(name: str, value: str | None) -> None:
    text = """
        [people](!)
        wrapuptime = 5 ; seconds
        [slow](!,people)
        wrapuptime=>10
        [vip](people)
        [expert](people)
        wrapuptime = 15
        wrapuptime = 20
        [truck](people)
        [truck](+)
        wrapuptime = 7
        [senior](people,slow)
        [other](other,later)
        [later](!)
        wrapuptime = 1
        [helper](slow)
        wrapuptime = 9
    """
    assert setting(parse_conf(text).sections, name, "wrapuptime") == value
