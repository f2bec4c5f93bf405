"""The playground asks the real model through the gateway, and shows what the API says of it."""

import httpx
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.dashboard.conftest import User
from tests.kit.browser import Visit

WITHIN_MS = 120_000


def ended(page: Page, state: str) -> Locator:
    """The first panel, once its call is over in such a way."""
    panel = page.locator(".answer").first
    expect(panel.locator("[data-state]")).to_have_attribute("data-state", state, timeout=WITHIN_MS)
    return panel


def on_to_the_end(route: Route) -> None:
    """Lets a call write as many tokens as it may."""
    body = route.request.post_data_json
    body["options"]["ignore_eos"] = True
    route.continue_(post_data=body)


def test_answer_goes_on_on_other_pages_and_its_figures_are_those_of_its_run(
    tab: Visit, user: User, model: str
) -> None:
    page = tab.go("#/playground")
    page.get_by_label("Model").select_option(model)
    page.get_by_label("Prompt", exact=True).fill("The capital of France is")
    page.get_by_text("Settings").click()
    page.get_by_label("Tokens at most").fill("16")
    page.get_by_role("button", name="Ask", exact=True).click()

    page.get_by_role("link", name="Datasets").click()
    page.go_back()

    expect(page.get_by_label("Prompt", exact=True)).to_have_value("The capital of France is")
    panel = ended(page, "done")
    expect(panel.locator("[data-output]")).not_to_be_empty()
    shown = {
        each.get_attribute("data-phase"): float(each.get_attribute("data-value") or "nan")
        for each in panel.locator("[data-phase]").all()
    }
    assert {"prefill", "decode", "gateway"} <= shown.keys()
    (run,) = user.api.get("/usage", params={"source_kind": "gateway", "runs": 5}).json()["runs"]
    speed = panel.locator('[data-figure="tok_s"]').get_attribute("data-value")
    assert float(speed or "nan") == run["tok_s"]

    panel.get_by_role("link", name="its runs").click()
    expect(page.locator('[data-figure="runs"]')).to_have_attribute("data-value", "1")
    assert "source_kind=gateway" in page.url


def test_call_is_stopped_refusals_say_what_to_do_and_the_key_ends_with_the_session(
    tab: Visit, user: User, model: str, admin: httpx.Client
) -> None:
    page = tab.go("#/playground")
    # A small model may end before anybody can stop it.
    page.route("**/ask_stream", on_to_the_end)
    page.get_by_label("Model").select_option(model)
    page.get_by_label("Prompt", exact=True).fill("Count.")
    page.get_by_text("Settings").click()
    page.get_by_label("Tokens at most").fill("2000")
    page.get_by_role("button", name="Ask", exact=True).click()
    output = page.locator("[data-output]")
    expect(output).not_to_be_empty(timeout=WITHIN_MS)
    expect(page.locator("[data-state]")).to_have_attribute("data-state", "answering")
    page.get_by_role("button", name="Stop").first.click()
    ended(page, "cancelled")

    page.get_by_label("Tokens at most").fill("4000000")
    page.locator("form.card").evaluate("(form) => form.noValidate = true")
    page.get_by_role("button", name="Ask", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_have_attribute("data-code", "validation_failed")
    expect(alert).to_contain_text("Change what is named")
    tab.complaints[:] = [each for each in tab.complaints if "status of 422" not in each]

    (key,) = [
        each
        for each in user.api.get("/accounts/tokens").json()["data"]
        if each["name"] == "playground"
    ]
    assert key["kind"] == "api_key"
    assert key["expires_at"] is not None
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as revoked:
        page.get_by_role("button", name="Sign out").click()
    assert revoked.value.status == 204
