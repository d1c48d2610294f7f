"""The admin page in a real Chromium, with what real calls through the Proxy have cost."""

import json
import re
from decimal import Decimal

import pytest
import requests
from processes import wait_until

LIVE = '#connection[data-state="live"]'


def sign_in(tab, ledger):
    """By the link that carries the token."""
    tab.page.goto(f"{ledger.platform_url}/admin#token={ledger.admin_token}")
    tab.page.wait_for_selector(LIVE)
    tab.page.wait_for_selector("#figures:visible")
    return tab


def call(ledger, user: str, times: int = 1, model: str = "claude-sonnet-4-6"):
    client = ledger.anthropic(ledger.mint_key(user), max_retries=0)
    for _ in range(times):
        client.messages.create(model=model, max_tokens=50, messages=[{"role": "user", "content": "Hello"}])


def report(ledger, user: str, model: str = "claude-sonnet-4-6", tokens: int = 1000, **more) -> None:
    """Usage without a call: quick, for many users."""
    event = {
        "specversion": "1.0",
        "type": "dispatch-ledger.usage.v1",
        "source": "/test",
        "id": f"{user}-{model}-{tokens}",
        "subject": user,
        "data": {
            "provider": "anthropic",
            "model": model,
            "usage": {"input": tokens, "output": tokens},
        },
    }
    answer = requests.post(
        f"{ledger.platform_url}/api/v1/events",
        data=json.dumps(event | more),
        headers=ledger.admin | {"content-type": "application/cloudevents+json"},
        timeout=10,
    )
    assert answer.status_code == 202, answer.text


def dashboard(ledger) -> dict:
    answer = requests.get(f"{ledger.platform_url}/admin/dashboard", headers=ledger.admin, timeout=10)
    assert answer.status_code == 200
    return json.loads(answer.text, parse_float=Decimal)


def shown(tab, selector: str) -> Decimal:
    return Decimal(tab.page.get_attribute(f"{selector} data", "value"))


def test_what_calls_cost_is_there_to_the_digit_and_goes_on_live(ledger, open_tab):
    call(ledger, "alice", 2)
    call(ledger, "bob")
    ledger.wait_settled(3)
    tab = sign_in(open_tab(ledger.platform_url), ledger)
    spent = sum(event["costUsd"] for event in ledger.events("call.settled"))
    assert shown(tab, "#tiles dd >> nth=0 >>") == spent
    alice = [event["costUsd"] for event in ledger.events("call.settled") if event["user"] == "alice"]
    assert shown(tab, '#users tr[data-key="alice"] td >> nth=0 >>') == sum(alice)
    # One more call changes the page by itself.
    call(ledger, "alice")
    ledger.wait_settled(4)
    spent = sum(event["costUsd"] for event in ledger.events("call.settled"))
    tab.page.wait_for_selector(f'#tiles data[value="{spent}"]')
    assert dashboard(ledger)["today"]["costUsd"] == spent
    assert "PostgreSQL" in tab.page.inner_text("#health")
    assert "Journal" in tab.page.inner_text("#health")


def test_unpriced_calls_refusals_and_quotas_are_loud(journal_ledger, open_tab):
    journal_ledger.set_quota("alice", dailyLimitUsd="0.0001")
    call(journal_ledger, "bob", model="nobody-knows-it")
    with pytest.raises(Exception, match="limit"):
        call(journal_ledger, "alice")
    tab = sign_in(open_tab(journal_ledger.platform_url), journal_ledger)
    assert "1 unpriced" in tab.page.inner_text("#tiles")
    assert "1 unpriced" in tab.page.inner_text('#users tr[data-key="bob"]')
    tab.page.wait_for_selector("#rejected tbody tr")
    refusal = tab.page.inner_text("#rejected tbody tr")
    assert "alice" in refusal
    assert "daily limit" in refusal
    meter = tab.page.locator('#users tr[data-key="alice"] meter')
    assert meter.get_attribute("aria-label") == "0.0 % of $0.0001 a day"
    assert "of $0.0001/day" in tab.page.inner_text('#users tr[data-key="alice"]')


def test_range_breakdown_and_user_are_chosen_and_the_table_has_the_same(journal_ledger, open_tab):
    report(journal_ledger, "alice", tokens=1000)
    report(journal_ledger, "bob", tokens=2000)
    tab = sign_in(open_tab(journal_ledger.platform_url), journal_ledger)
    page = tab.page
    page.wait_for_selector("#range-sum data")
    assert shown(tab, "#range-sum") == Decimal("0.054")
    assert page.evaluate("Chart.getChart('cost-chart').data.datasets.map(set => set.label)") == [
        "bob",
        "alice",
    ]
    page.select_option("[name=range]", "24h")
    page.select_option("[name=by]", "model")
    # Each choice asks anew: by user over 24 hours may be drawn for a moment before by model is.
    page.wait_for_function(
        """() => {
            const chart = Chart.getChart("cost-chart").data;
            return chart.labels.length === 24
                && chart.datasets.map(set => set.label).join() === "claude-sonnet-4-6";
        }"""
    )
    page.fill("[name=user]", "alice")
    page.press("[name=user]", "Enter")
    page.keyboard.press("Tab")
    page.wait_for_selector('#range-sum data[value="0.018"]')
    page.click("#range-twin summary")
    assert page.inner_text("#range-table tbody tr").split("\t")[1].startswith("$0.018")
    page.fill("[name=user]", "not a user")
    page.keyboard.press("Tab")
    page.wait_for_selector("#range-problem:not(:empty)")
    tab.tolerates = ("400 (Bad Request)",)
    tab.complaints = [text for text in tab.complaints if "400" not in text]


def test_a_row_opens_to_what_is_behind_it(journal_ledger, open_tab):
    report(journal_ledger, "alice")
    tab = sign_in(open_tab(journal_ledger.platform_url), journal_ledger)
    page = tab.page
    page.focus('#users tr[data-key="alice"] .name')
    page.keyboard.press("Enter")
    page.wait_for_selector("#users .more table")
    assert "claude-sonnet-4-6" in page.inner_text("#users .more")
    assert "dledger tail --user alice" in page.inner_text("#users .more")
    # It stays open, and the focus where it is, while figures change.
    report(journal_ledger, "alice", tokens=3)
    page.wait_for_selector('#users tr[data-key="alice"] data[value="0.018054"]')
    assert page.locator("#users .more table").count() == 1
    assert page.evaluate("document.activeElement.className") == "name"
    page.keyboard.press("Enter")
    page.wait_for_selector("#users .more", state="detached")


def test_signing_in_needs_the_token_and_signing_out_forgets_it(journal_ledger, open_tab):
    tab = open_tab(journal_ledger.platform_url, tolerates=("401 (Unauthorized)",))
    page = tab.page
    page.goto(f"{journal_ledger.platform_url}/admin")
    page.wait_for_selector("#sign-in:visible")
    assert page.evaluate("document.activeElement.id") == "token"
    page.keyboard.type("a wrong one".replace(" ", "-"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#token-problem:not(:empty)")
    page.keyboard.type(journal_ledger.admin_token)
    page.keyboard.press("Enter")
    page.wait_for_selector(LIVE)
    assert page.get_attribute("#grafana", "href") == "http://localhost:3200"
    page.reload()
    page.wait_for_selector(LIVE)
    page.click("#sign-out")
    page.wait_for_selector("#sign-in:visible")
    assert not page.is_visible("#figures")
    page.reload()
    page.wait_for_selector("#sign-in:visible")


def test_grafana_is_where_the_configuration_says(make_ledger, open_tab):
    ledger = make_ledger(environment={"GRAFANA_URL": "https://grafana.example/d/1"})
    tab = sign_in(open_tab(ledger.platform_url), ledger)
    link = tab.page.get_by_role("link", name="Open Grafana")
    assert link.get_attribute("href") == "https://grafana.example/d/1"


def test_without_chart_js_the_page_says_so_and_works(make_ledger, open_tab):
    ledger = make_ledger(environment={"PLATFORM_CHART_JS": "/nowhere/chart.js"})
    report(ledger, "alice")
    tab = sign_in(open_tab(ledger.platform_url), ledger)
    tab.page.wait_for_selector("#no-charts:visible")
    tab.page.click("#range-twin summary")
    assert "$0.018" in tab.page.inner_text("#range-table tbody")


def test_a_platform_that_goes_and_comes_back_is_live_again(journal_ledger, open_tab):
    away = ("ERR_", "Failed to load", "503", "network error")
    tab = sign_in(open_tab(journal_ledger.platform_url, tolerates=away), journal_ledger)
    journal_ledger.stop()
    tab.page.wait_for_selector('#connection[data-state="offline"]')
    journal_ledger.start()
    tab.page.wait_for_selector(LIVE, timeout=30_000)


def test_it_loads_under_300_kilobytes_and_nothing_from_elsewhere(journal_ledger, open_tab):
    tab = open_tab(journal_ledger.platform_url)
    sizes = {}
    tab.page.on(
        "response",
        lambda answer: (
            sizes.update({answer.url: len(answer.body())}) if "/stream" not in answer.url else None
        ),
    )
    sign_in(tab, journal_ledger)
    tab.page.wait_for_selector("#range-sum data")
    assert all(url.startswith(journal_ledger.platform_url) for url in sizes)
    assert sum(sizes.values()) < 300_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_with_nothing_and_with_five_hundred_users(
    journal_ledger, open_tab, folder, scheme, width
):
    tab = open_tab(journal_ledger.platform_url, width=width, color_scheme=scheme)
    sign_in(tab, journal_ledger)
    pictures = [tab.screenshot(folder / f"empty-{scheme}-{width}.png")]
    for number in range(500):
        report(
            journal_ledger,
            f"{'x' * 90 if number == 0 else 'user'}-{number}",
            tokens=number * 7 + 1,
        )
    wait_until(lambda: tab.page.locator("#users tbody tr").count() == 50, 10, "50 users")
    tab.page.wait_for_selector("#users-more >> text=450 more")
    pictures.append(tab.screenshot(folder / f"many-{scheme}-{width}.png"))
    for picture in pictures:
        assert picture.width == width
        assert not picture.is_blank
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    ground = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(re.findall(r"\d+", ground)[0])
    assert red > 200 if scheme == "light" else red < 60
