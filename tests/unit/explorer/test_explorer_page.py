import pytest
from explorer.chromium import Chromium, find_chromium
from explorer.page_shop import DAY, HEAVY, LIGHT, LONG, QUOTE, TITLES, WRITER, shop_lake

from nightrec.explorer.data import page_data
from nightrec.explorer.inputs import read_night
from nightrec.explorer.sample import page_id
from nightrec.explorer.write import write_page

PHONE = {"width": 390, "height": 844}
NAMED = [(n, title or f"i{n}") for n, title in enumerate(TITLES)] + [(9, LONG[:200] + "…"), (29, "i29")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find_chromium()
    if program is None:
        pytest.skip("no chromium or google-chrome on PATH: the page is not opened in a browser")
    one = Chromium(program, tmp_path_factory.mktemp("profile"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return shop_lake(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def page(lake, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_page(lake, DAY, folder, 200)
    return folder / "index.html"


@pytest.fixture(scope="module")
def place_of(lake):
    ids = page_data(read_night(lake, DAY, 200))["items"]["item_id"]
    return lambda n: ids.index(f"i{n}")


@pytest.fixture(autouse=True)
def complaints(browser):
    """After each test: no error, nothing that the policy forbade, no dialog, nothing loaded but the page."""
    yield
    methods = {event["method"] for event in browser.events}
    assert methods & {"Runtime.exceptionThrown", "Page.javascriptDialogOpening", "Log.entryAdded"} == set()
    asked = [e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith("file:")] == []


@pytest.mark.parametrize(("n", "name"), NAMED)
def test_hostile_titles_come_out_as_text(browser, page, place_of, n, name):
    browser.open(page, f"item={place_of(n)}", **PHONE)
    assert browser.text("h2") == browser.text("h2 > bdi") == name
    assert browser.run("document.querySelectorAll('main img, main script, main b, main i').length") == 0
    assert browser.run("document.documentElement.scrollWidth") == PHONE["width"]


def test_tabs_of_a_phone_stand_in_one_line(browser, page):
    browser.open(page, width=320)
    heights = browser.run("[...document.querySelectorAll('nav a')].map((tab) => tab.offsetHeight)")
    assert max(heights) < 2 * 1.45 * 16 + 2 * 11  # two lines and the space above and below
    assert browser.run("document.documentElement.scrollWidth") == 320


def test_no_script_but_the_pages_own_is_run(browser, page, tmp_path):
    tampered = tmp_path / "index.html"
    foreign = "<script>document.title = 'theirs'</script><img src=x onerror=\"document.title = 'theirs'\">"
    tampered.write_text(page.read_text().replace("</body>", f"{foreign}</body>"))
    browser.open(tampered)
    assert browser.run("document.title") == "shop 2026-01-31 · Nightrec explorer"
    assert "violates the following Content Security Policy" in str(browser.events)
    browser.events.clear()


def test_an_item_shows_text_lists_and_what_is_similar(browser, page, place_of):
    browser.open(page, f"item={place_of(0)}")
    assert "In 2 lists of 3, first in 2." in browser.text()
    assert "Toys, <i>Odd" in browser.text()
    assert [browser.text(f"section:nth-of-type({n}) ol, section:nth-of-type({n}) p") for n in (1, 2, 3)] == [
        "none",  # by both
        "none",  # by behaviour
        TITLES[2] + TITLES[1],
    ]


@pytest.mark.parametrize(("key", "place"), [(HEAVY, 0), (LIGHT, 1), (f" {WRITER} ", 2)])
def test_a_user_is_found_by_key(browser, page, key, place):
    browser.open(page)
    browser.type("#key", key, enter=True)
    browser.wait(f"location.hash === '#user={place}'")
    assert page_id("shop", key.strip()) in browser.text()


def test_a_user_who_is_not_there_is_told_of(browser, page):
    browser.open(page)
    browser.type("#key", "nobody", enter=True)
    browser.wait("document.querySelector('[role=status]').textContent !== ''")
    assert browser.text("[role=status]") == "Not among the 3 of 3 users with a list that this page holds."


def test_a_browser_that_cannot_hash_says_so(browser, page):
    browser.open(page)
    browser.run("Object.defineProperty(crypto, 'subtle', {value: undefined}) && null")
    browser.type("#key", HEAVY, enter=True)
    assert "open the page from one of these" in browser.text("[role=status]")


def test_a_user_shows_list_reasons_evidence_and_history(browser, page, tmp_path):
    browser.open(page, "user=0", **PHONE)
    first, wrote, drawn = (browser.text(f"section:first-of-type li:nth-child({n})") for n in (1, 2, 3))
    assert first == TITLES[0] + "Because of <b>that</b>" + "Evidence: history · Thing 24" + "textscore 1.235"
    grounds = "Evidence: wrote · 4 reviewers · what the user wrote is not shown here"
    assert wrote == TITLES[1] + grounds + "textscore 1.235"
    assert drawn == "i7" + "9 people" + "Evidence: popular · 9 users · 7 days" + "textscore 1.235 · drawn to explore"
    assert QUOTE not in browser.text("body")
    assert browser.run("document.querySelectorAll('section:last-of-type li').length") == 20
    assert browser.text("section:last-of-type li:nth-child(2)") == TITLES[1] + "2026-01-30 · 2 events · 1 goal"
    browser.picture(tmp_path / "user.png")
    assert (tmp_path / "user.png").stat().st_size > 10_000


def test_users_can_be_looked_at_without_their_keys(browser, page):
    browser.open(page)
    assert "3 of 3 users with a list" in browser.text("#about")
    names = browser.run("[...document.querySelectorAll('main li')].map((row) => row.textContent)")
    ids = [page_id("shop", key) for key in (HEAVY, LIGHT, WRITER)]
    assert names == [
        f"a heavy user, 25 items {ids[0]}",
        f"a middling user, 1 item {ids[1]}",
        f"a user without history {ids[2]}",
    ]


def test_what_is_typed_narrows_and_a_link_leads_on_and_back(browser, page):
    browser.open(page, "items")
    assert browser.text("[role=status]") == "30 of 30 shown"
    browser.type("input", "ALERT(1")
    assert browser.text("[role=status]") == "1 of 1 shown"
    browser.run("document.querySelector('main li a').click()")
    browser.wait("document.querySelector('h2') !== null")
    assert browser.text("h2") == TITLES[0]
    browser.run("history.back()")
    browser.wait("document.querySelector('main input') !== null")
    assert browser.run("document.querySelector('main input').value") == "ALERT(1"


def test_a_search_shows_its_items(browser, page):
    browser.open(page, "searches")
    assert browser.text("main ul") == "<b>bell 9 usersrare 3 users"
    browser.open(page, "search=0")
    assert browser.text("main ol") == TITLES[5] + TITLES[6]


def test_popular_items_show_their_users(browser, page):
    browser.open(page, "popular")
    assert browser.text("main ul") == "popular, 7 days, all items"
    browser.open(page, "popularity=0")
    assert browser.text("main ol") == TITLES[3] + "4 users"


def test_a_shop_without_searches_and_popular_items_says_so(browser, tmp_path):
    write_page(shop_lake(tmp_path, query_results=[], popular_items=[]), DAY, tmp_path, 200)
    browser.open(tmp_path / "index.html", "searches")
    assert browser.text() == "No search was made by enough users to be answered."
    browser.open(tmp_path / "index.html", "popular")
    assert browser.text() == "Nothing was turned to by enough users to be popular."


@pytest.mark.parametrize("place", ["user=99", "user=-1", "item=x", "constructor", "user=", "%3Cimg%3E"])
def test_an_address_that_is_not_there_leads_to_the_users(browser, page, place):
    browser.open(page, place)
    assert browser.text("nav [aria-current]") == "Users"
    assert "Users to look at" in browser.text()
