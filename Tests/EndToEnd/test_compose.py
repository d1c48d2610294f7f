"""What can be said of the compose files without an engine."""

import os
import stat

import pytest
from stack import DISTRO, OVERLAYS, PLATFORM, SECRETS, Compose, ComposeFailed, made_env

COMBINATIONS = [[PLATFORM], *([PLATFORM, overlay] for overlay in OVERLAYS)]


@pytest.fixture
def environment(folder) -> dict[str, str]:
    return made_env(folder) | {"DOCKER_GROUP_ID": "999"}


@pytest.fixture(params=COMBINATIONS, ids=lambda files: "+".join(file.stem for file in files))
def project(request, environment) -> Compose:
    return Compose(request.param, environment)


def test_every_combination_of_files_is_accepted(project):
    assert project.run("--profile", "*", "config", "-q") == ""


def test_each_secret_that_is_missing_stops_it_with_its_name(environment):
    for name in (*SECRETS, "DOCKER_GROUP_ID"):
        without = {key: value for key, value in environment.items() if key != name}
        with pytest.raises(ComposeFailed, match=f"{name} is missing a value: is not set.*distro/make-env"):
            Compose([PLATFORM], without).run("config", "-q")


def test_images_are_pinned_and_ports_are_this_machines_own(project):
    for name, service in project.config("--profile", "*")["services"].items():
        image, _, tag = service["image"].rpartition(":")
        assert image and any(digit.isdigit() for digit in tag), f"{name}: {service['image']} is not pinned"
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", f"{name} is reachable from outside: {port}"


def test_every_service_gives_up_the_rights_that_it_does_not_need(environment):
    for name, service in Compose([PLATFORM], environment).config()["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged") and not service.get("cap_add"), name


def test_every_service_says_how_it_does(project):
    for name, service in project.config("--profile", "*")["services"].items():
        once = name in ("migrate", "roles")
        assert service["healthcheck"].get("disable", False) == once, name


def test_what_make_env_writes_is_for_its_owner_alone_and_kept(folder):
    first = made_env(folder)
    assert stat.S_IMODE(os.stat(folder / ".env").st_mode) == 0o600
    secrets = [first[name] for name in SECRETS]
    assert all(len(secret) == 64 for secret in secrets) and len(set(secrets)) == len(secrets)
    assert made_env(folder) == first


def test_the_build_takes_the_packages_that_a_machine_would(folder):
    """One list of what is needed to build: the Dockerfile asks script/bootstrap for it."""
    text = (DISTRO / "Dockerfile").read_text()
    build = text.partition("AS build")[2].partition("\nFROM ")[0]
    assert "RUN script/bootstrap build" in build and "apt-get" not in build
