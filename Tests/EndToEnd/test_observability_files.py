"""What cannot be started without other people's images is read as they would read it.

Dashboards go through Grafana's own types, provisioning is held against its documented keys, and Compose
judges the Compose files.
"""

import enum
import json
import types
import typing
from pathlib import Path

import dashboards
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard as grafana
from stack import PLATFORM, Compose, ComposeFailed, made_env

register_default_plugins()
OVERLAY = dashboards.FOLDER / "docker-compose.observability.yml"
SECRETS = ("GRAFANA_ADMIN_PASSWORD", "LEDGER_READER_PASSWORD", "ALERT_WEBHOOK_SECRET")


# What a Prometheus annotation has beside the fields of every annotation.
UNTYPED = {"titleFormat"}


# Dashboards


def lost(given, kept, where: str = "") -> list[str]:
    """What `given` has and `kept` has not."""
    if isinstance(given, dict) and isinstance(kept, dict):
        gone = [f"{where}.{key}" for key in given if key not in kept and key not in UNTYPED]
        return gone + [
            at for key in given if key in kept for at in lost(given[key], kept[key], f"{where}.{key}")
        ]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        return [
            at for i, pair in enumerate(zip(given, kept, strict=True)) for at in lost(*pair, f"{where}[{i}]")
        ]
    return [] if given == kept else [f"{where}: {given!r} became {kept!r}"]


def mistyped(value, wanted, where: str) -> list[str]:
    """Where a value is not of the type that Grafana's SDK declares for it."""
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is typing.Any or wanted is object or isinstance(wanted, typing.TypeVar):
        return []
    if origin in (typing.Union, types.UnionType):
        found = [mistyped(value, kind, where) for kind in arguments]
        return [] if [] in found else min(found, key=len)
    if origin is list:
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [at for i, item in enumerate(value) for at in mistyped(item, arguments[0], f"{where}[{i}]")]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        return [at for key, item in value.items() for at in mistyped(item, arguments[1], f"{where}.{key}")]
    if origin is typing.Literal:
        return [] if value in arguments else [f"{where}: {value!r} is none of {arguments}"]
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return (
            []
            if value in [item.value for item in wanted]
            else [f"{where}: {value!r} is no {wanted.__name__}"]
        )
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return []
    if wanted is int and isinstance(value, bool):
        return [f"{where}: {value!r} is no number"]
    if isinstance(value, dict) and hasattr(wanted, "from_json"):
        # The SDK leaves some lists of objects as they came.
        value = wanted.from_json(value)
    if isinstance(wanted, type) and not isinstance(value, wanted):
        return [f"{where}: {value!r} is no {wanted.__name__}"]
    return declared(value, where) if hasattr(value, "to_json") else []


def declared(thing, where: str) -> list[str]:
    hints = typing.get_type_hints(type(thing))
    return [
        at for name, kind in hints.items() for at in mistyped(getattr(thing, name), kind, f"{where}.{name}")
    ]


@pytest.mark.parametrize("name", dashboards.BOARDS)
def test_a_dashboard_goes_through_grafana_s_types_and_loses_nothing(name):
    given = dashboards.BOARDS[name]
    typed = grafana.Dashboard.from_json(given)
    assert declared(typed, name) == []
    assert lost(given, json.loads(json.dumps(typed, cls=JSONEncoder))) == []


def test_the_types_find_what_is_wrong():
    """The judge itself: a key that Grafana does not know, and a value of another type."""
    wrong = json.loads(json.dumps(dashboards.BOARDS["cost-usage"]))
    wrong["panels"][1]["fieldConfig"]["defaults"]["decimal"] = 4
    kept = json.loads(json.dumps(grafana.Dashboard.from_json(wrong), cls=JSONEncoder))
    assert lost(wrong, kept) == [".panels[1].fieldConfig.defaults.decimal"]
    wrong["panels"][1]["gridPos"]["h"] = "4"
    assert declared(grafana.Dashboard.from_json(wrong), "d") == ["d.panels[1].grid_pos.h: '4' is no int"]


def test_every_panel_has_a_description_a_unit_where_it_is_money_and_words_for_nothing():
    for name, panel in dashboards.panels():
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["description"].endswith((".", "}.")), f"{name} has no description"
        assert defaults.get("noValue"), f"{name} says nothing while there is nothing"
        if panel["type"] == "timeseries" and "cost" in panel["title"].lower() and "certain" not in name:
            assert defaults["unit"] == "currencyUSD", name


def test_panels_do_not_overlap_and_identifiers_are_unique():
    for name, board in dashboards.BOARDS.items():
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        taken: dict[tuple[int, int], str] = {}
        for panel in board["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24, f"{name}: {panel['title']} is beyond the edge"
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    other = taken.setdefault((x, y), panel["title"])
                    assert other is panel["title"], f"{name}: {panel['title']} lies on {other}"


def test_links_lead_to_dashboards_that_are_there():
    uids = {board["uid"] for board in dashboards.BOARDS.values()}
    assert len(uids) == 3
    text = json.dumps(dashboards.BOARDS)
    linked = {part.split("?")[0].split('"')[0] for part in text.split("/d/")[1:]}
    assert linked and linked <= uids


# Provisioning


DATASOURCE = {
    "name", "type", "uid", "access", "orgId", "url", "user", "database", "basicAuth", "basicAuthUser",
    "withCredentials", "isDefault", "jsonData", "secureJsonData", "version", "editable",
}  # fmt: skip
PROVIDER = {
    "name", "orgId", "folder", "folderUid", "type", "disableDeletion", "updateIntervalSeconds", "options",
    "allowUiUpdates",
}  # fmt: skip
POLICY = {
    "orgId", "receiver", "group_by", "matchers", "object_matchers", "mute_time_intervals", "group_wait",
    "group_interval", "repeat_interval", "routes", "continue",
}  # fmt: skip
# What Grafana refuses a contact point without, and what else it may have.
RECEIVERS = {
    "webhook": ({"url"}, {"httpMethod", "username", "password", "authorization_scheme",
                          "authorization_credentials", "maxAlerts", "message", "title"}),
    "email": ({"addresses"}, {"singleEmail", "message", "subject"}),
    "slack": ({"url"}, {"recipient", "token", "username", "icon_emoji", "icon_url", "title", "text"}),
    "telegram": ({"bottoken", "chatid"}, {"message", "parse_mode", "disable_notifications"}),
}  # fmt: skip


def provisioning(name: str) -> dict:
    return yaml.safe_load((dashboards.FOLDER / "provisioning" / f"{name}.yml").read_text())


def test_datasources_have_grafana_s_keys_and_are_those_of_the_dashboards():
    document = provisioning("datasources")
    assert (
        document.keys() <= {"apiVersion", "datasources", "deleteDatasources", "prune"}
        and document["apiVersion"] == 1
    )
    for source in document["datasources"]:
        assert source.keys() <= DATASOURCE and {"name", "type", "access", "uid"} <= source.keys()
    known = {source["uid"]: source["type"] for source in document["datasources"]}
    assert [s["uid"] for s in document["datasources"] if s.get("isDefault")] == ["prometheus"]
    (postgres,) = (s for s in document["datasources"] if s["uid"] == "ledger-postgres")
    assert postgres["user"] == "ledger_reader" and postgres["secureJsonData"]["password"].startswith("$")

    def used(value):
        if isinstance(value, dict):
            if value.keys() == {"type", "uid"}:
                yield value["uid"], value["type"]
            for part in value.values():
                yield from used(part)
        elif isinstance(value, list):
            for part in value:
                yield from used(part)

    sources = set(used(list(dashboards.BOARDS.values())))
    assert sources <= set(known.items()) and len(sources) == 3


def test_dashboards_are_found_where_the_overlay_puts_them():
    document = provisioning("dashboards")
    assert document["apiVersion"] == 1
    (provider,) = document["providers"]
    assert provider.keys() <= PROVIDER and provider["type"] == "file"
    volumes = overlay()["services"]["grafana"]["volumes"]
    assert f"./observability/dashboards:{provider['options']['path']}:ro" in volumes


def test_contact_points_have_grafana_s_keys_and_are_alertmanager_s():
    document = provisioning("alerting")
    assert document.keys() <= {"apiVersion", "contactPoints", "policies", "groups", "templates", "muteTimes"}
    points = {point["name"]: point for point in document["contactPoints"]}
    for point in points.values():
        assert point.keys() <= {"orgId", "name", "receivers"}
        for receiver in point["receivers"]:
            assert receiver.keys() <= {"uid", "type", "settings", "disableResolveMessage"}
            assert len(receiver["uid"]) <= 40
            required, optional = RECEIVERS[receiver["type"]]
            assert required <= receiver["settings"].keys() <= required | optional
    (policy,) = document["policies"]
    assert policy.keys() <= POLICY and policy["receiver"] == "gateway"
    alertmanager = yaml.safe_load((dashboards.FOLDER / "alertmanager.yml").read_text())
    assert points.keys() == {receiver["name"] for receiver in alertmanager["receivers"]}
    assert alertmanager["route"]["receiver"] == "gateway"


def test_every_variable_of_provisioning_is_given_by_the_overlay():
    given = overlay()["services"]["grafana"]["environment"]
    text = "".join(path.read_text() for path in (dashboards.FOLDER / "provisioning").glob("*.yml"))
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    used = {word.split()[0] for word in code.split("$")[1:]}
    assert used and used <= given.keys()


# Compose


def overlay() -> dict:
    return yaml.safe_load(OVERLAY.read_text())


@pytest.fixture
def environment(folder) -> dict[str, str]:
    return made_env(folder) | {"DOCKER_GROUP_ID": "999"}


@pytest.mark.parametrize("profiles", [[], ["--profile", "alloy"]], ids=["promtail", "alloy"])
def test_compose_accepts_the_platform_with_its_overlay(profiles, environment):
    services = Compose([PLATFORM, OVERLAY], environment).config(*profiles)["services"]
    assert {"prometheus", "alertmanager", "grafana", "loki", "promtail"} <= services.keys()
    assert ("alloy" in services) == bool(profiles)
    for name in overlay()["services"].keys() & services.keys():
        service = services[name]
        tag = service["image"].rpartition(":")[2]
        assert any(letter.isdigit() for letter in tag), f"{name}: {service['image']} has no version"
        assert service["healthcheck"]["test"], f"{name} has no health check"
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", f"{name} listens beyond loopback"
        for volume in service.get("volumes", []):
            if volume["type"] == "bind" and volume["target"] != "/var/run/docker.sock":
                assert Path(volume["source"]).exists() and volume["read_only"], volume
    published = {port["published"]: port["target"] for s in services.values() for port in s.get("ports", [])}
    wanted = {"9090": 9090, "3200": 3000, "3100": 3100, "9093": 9093}
    assert wanted.items() <= published.items()
    grafana_settings = services["grafana"]["environment"]
    assert grafana_settings["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"


@pytest.mark.parametrize("secret", SECRETS)
def test_compose_refuses_to_start_without_a_secret(secret, environment):
    del environment[secret]
    with pytest.raises(ComposeFailed, match=f"{secret} is missing a value"):
        Compose([PLATFORM, OVERLAY], environment).run("config", "-q")
