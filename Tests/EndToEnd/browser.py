"""Chromium before the web shell: what a person sees and presses. A complaint of the page fails the test."""

import shutil
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# Both are found before a page's own script can run.
WATCH_POLICY = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""
LIVE = '#connection[data-state="live"]'
LAST = "#log > article:last-child"


class Tab:
    """One browser tab with the shell in it."""

    def __init__(self, page: Page, url: str, tolerates: tuple[str, ...] = ()):
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.tolerates = tolerates
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.add_init_script(WATCH_POLICY)

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(part in text for part in self.tolerates):
            self.complaints.append(text)

    def sign_in(self, key: str) -> "Tab":
        """By the link that carries the key, as `script/server` prints it."""
        self.page.goto(f"{self.url}/#key={key}")
        return self.wait_live()

    def wait_live(self, seconds: float = 20) -> "Tab":
        self.page.wait_for_selector(LIVE, timeout=seconds * 1_000)
        return self

    def send(self, text: str) -> None:
        """Types into what has the focus, and presses Enter."""
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def wait_answer(self, seconds: float = 30) -> "Answer":
        """The last answer, once it is over."""
        self.page.wait_for_selector(f'{LAST}[aria-busy="false"]', timeout=seconds * 1_000)
        return Answer(self.page)

    def wait_text(self, text: str, seconds: float = 30) -> None:
        """Waits until the last answer, which may go on, says this."""
        self.page.wait_for_selector(f"{LAST} .answer >> text={text}", timeout=seconds * 1_000)

    @property
    def is_busy(self) -> bool:
        return self.page.get_attribute(LAST, "aria-busy") == "true"

    @property
    def focus(self) -> str:
        return self.page.evaluate("document.activeElement.id")

    def today(self) -> str:
        """Today's cost, exactly."""
        return self.page.get_attribute("#today-cost", "value") or ""

    def screenshot(self, path: Path) -> "Picture":
        return Picture(self.page.screenshot(path=path))


class Answer:
    """The last answer in a tab, and the line under it."""

    def __init__(self, page: Page):
        turn = page.locator(LAST)
        self.text = turn.locator(".answer").first.inner_text()
        self.facts = turn.locator(".facts").inner_text()
        self.tags = turn.locator(".receipt .tag").all_inner_texts()
        self.receipt = turn.locator(".receipt").inner_text()
        amount = turn.locator(".amount")
        self.has_cost = amount.count() == 1
        self.cost = amount.get_attribute("value") if self.has_cost else None
        self.cost_title = amount.get_attribute("title") if self.has_cost else None


class Picture:
    """A screenshot, as far as a program can judge it."""

    def __init__(self, png: bytes):
        self.width = int.from_bytes(png[16:20])
        self.height = int.from_bytes(png[20:24])
        data, position = b"", 8
        while position < len(png):
            length = int.from_bytes(png[position : position + 4])
            if png[position + 4 : position + 8] == b"IDAT":
                data += png[position + 8 : position + 8 + length]
            position += length + 12
        self.bytes_values = len(set(zlib.decompress(data)))

    @property
    def is_blank(self) -> bool:
        """Text with smooth edges takes on many values; an empty page has a handful."""
        return self.bytes_values < 100


# Not for the whole run: as long as it is open, this thread has an event loop that other tests cannot have.
@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium")
    assert program, "Chromium is not installed: run script/bootstrap test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--headless=new", "--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Browser):
    """Opens tabs: `open_tab(url, width=360, color_scheme="dark", …)`, each in a context of its own."""
    tabs = []

    def open_tab(url: str, width: int = 1280, height: int = 800, tolerates: tuple = (), **options) -> Tab:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        tabs.append(Tab(context.new_page(), url, tolerates))
        return tabs[-1]

    yield open_tab
    complaints = [complaint for tab in tabs for complaint in tab.complaints]
    for tab in tabs:
        tab.page.context.close()
    assert not complaints, "the page complained"
