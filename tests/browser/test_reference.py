"""/docs as people see it: in Chromium, with no way to any other host."""

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from comanda_cli.testing import Fleet

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = [
    pytest.mark.xdist_group("fleet"),
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs the Debian packages chromium and chromium-driver"),
]


@pytest.fixture
def browser() -> Iterator[Chrome]:
    """A browser that keeps what the page logs and asks for."""
    options = ChromeOptions()
    options.binary_location = str(BROWSER)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium refuses to run as root with it
    browser = Chrome(options, Service(DRIVER))
    yield browser
    browser.quit()


def requested(browser: Chrome) -> list[str]:
    """The URLs that the pages of the browser have asked for, since this was last called."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]


def shown(browser: Chrome, what: str) -> list[str]:
    return [each.text for each in browser.find_elements(By.CSS_SELECTOR, what)]


def operations(base_url: str) -> set[str]:
    document: dict[str, Any] = httpx.get(f"{base_url}/openapi.json").json()
    return {f"{verb.upper()} {path}" for path, item in document["paths"].items() for verb in item}


def test_the_reference_shows_every_operation_and_asks_no_other_host_for_anything(fleet: Fleet, browser: Chrome) -> None:
    base_url = fleet.addresses.base_url
    browser.get(f"{base_url}/docs")
    assert "Comanda" in browser.title
    assert set(shown(browser, "article h3")) == operations(base_url)
    assert all(shown(browser, "article pre"))
    asked = requested(browser)
    assert f"{base_url}/docs" in asked
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(base_url).netloc}
    assert browser.get_log("browser") == []


def test_a_link_of_the_reference_leads_to_its_operation(fleet: Fleet, browser: Chrome) -> None:
    browser.get(f"{fleet.addresses.base_url}/docs")
    [link] = browser.find_elements(By.CSS_SELECTOR, "nav a[href='#CommitSession']")
    link.click()
    [article] = browser.find_elements(By.ID, "CommitSession")
    top = browser.execute_script("return arguments[0].getBoundingClientRect().top", article)
    assert browser.current_url.endswith("/docs#CommitSession")
    assert -1 < top < 900
    assert "POST /api/v1/sessions/{session_key}/commit" in article.text
    assert 'curl -s -X POST -H "Authorization: Bearer $KEY"' in article.text


def test_the_reference_fits_on_a_phone(fleet: Fleet, browser: Chrome) -> None:
    phone = {"width": 360, "height": 700, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    browser.get(f"{fleet.addresses.base_url}/docs")
    assert browser.execute_script("return document.documentElement.scrollWidth") == 360
    assert not [each for each in shown(browser, "article p") if "`" in each]


def test_the_document_behind_the_reference_can_be_followed_to(fleet: Fleet, browser: Chrome) -> None:
    browser.get(f"{fleet.addresses.base_url}/docs")
    browser.find_element(By.LINK_TEXT, "OpenAPI document").click()
    assert browser.current_url == f"{fleet.addresses.base_url}/openapi.json"
    assert json.loads(browser.find_element(By.TAG_NAME, "body").text)["openapi"].startswith("3.1")
