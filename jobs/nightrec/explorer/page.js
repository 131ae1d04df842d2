"use strict";
// Everything that is shown goes in as text, never as markup: titles and searches are what anybody wrote.
const data = JSON.parse(document.getElementById("data").textContent);
const items = data.items;
const view = document.getElementById("view");
const typed = {};
const SHOWN = 100;

function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Keeps a right-to-left title from turning what stands beside it.
const shown = (text) => el("bdi", {}, String(text));
const dim = (...children) => el("p", { class: "dim" }, ...children);
const count = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const nameOf = (item) => items.title[item] || items.item_id[item];
const itemLink = (item) => el("a", { href: `#item=${item}` }, shown(nameOf(item)));
const bars = (text) => (text || "").split("|").filter(Boolean).join(", ");

function ranked(rows) {
  return el("ol", {}, ...rows.map((row, place) => el("li", { "data-rank": place + 1 }, el("div", {}, ...[row].flat()))));
}

function linked(rows) {
  return el("ul", {}, ...rows.map(([href, ...content]) => el("li", {}, el("a", { href }, ...content))));
}

// A list of links and a field that narrows it. `rows`: {text: what is searched, link: makes the row}.
function browse(name, label, rows) {
  const field = el("input", { type: "search", "aria-label": label, placeholder: label, autocomplete: "off" });
  const found = el("p", { class: "dim", role: "status" });
  const list = el("div", {});
  const narrow = () => {
    typed[name] = field.value;
    const wanted = field.value.trim().toLowerCase();
    const fitting = rows.filter((row) => row.text.includes(wanted));
    found.textContent = `${Math.min(SHOWN, fitting.length)} of ${fitting.length} shown`;
    list.replaceChildren(linked(fitting.slice(0, SHOWN).map((row) => row.link())));
  };
  field.value = typed[name] || "";
  field.addEventListener("input", narrow);
  const form = el("form", {}, field);
  form.addEventListener("submit", (event) => event.preventDefault());
  narrow();
  return [form, found, list];
}

const userName = (user) =>
  user.n_items ? `a ${user.kind} user, ${count(user.n_items, "item")}` : "a user without history";

// As sample.py makes it.
async function pageId(key) {
  const bytes = new TextEncoder().encode(`${data.domain}/${key}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.slice(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function findUser(key, answer) {
  if (!crypto.subtle) {
    answer.textContent = "This browser hashes only on pages from a file, https or localhost: open the page from one of these.";
    return;
  }
  for (const one of new Set([key, key.trim()])) {
    const id = await pageId(one);
    const place = data.users.findIndex((user) => user.id === id);
    if (place >= 0) {
      location.hash = `#user=${place}`;
      return;
    }
  }
  answer.textContent = `Not among the ${data.users.length} of ${count(data.n_users, "user")} with a list that this page holds.`;
}

function usersView() {
  const field = el("input", { type: "search", id: "key", "aria-label": "User key", placeholder: "User key, exactly as logged", autocomplete: "off" });
  const answer = el("p", { role: "status" });
  const form = el("form", {}, field, el("button", { type: "submit" }, "Find"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    findUser(field.value, answer);
  });
  const rows = data.users.map((user, place) => [`#user=${place}`, `${userName(user)} `, el("span", { class: "dim" }, user.id)]);
  return [
    form,
    answer,
    dim("Keys are not in this page. What you type is hashed here and compared; nothing leaves this browser."),
    el("h2", {}, "Users to look at"),
    linked(rows),
  ];
}

function evidence(row) {
  const isQuoting = ["searched", "asked", "wrote", "noted"].includes(row.kind);
  const parts = [];
  if (row.seen !== undefined) parts.push([itemLink(row.seen)]);
  if (row.text !== undefined) parts.push(["shared: ", shown(row.text)]);
  if (row.n_users !== undefined) parts.push([count(row.n_users, isQuoting || row.kind === "reviewed" ? "reviewer" : "user")]);
  if (row.days !== undefined) parts.push([count(row.days, "day")]);
  if (isQuoting) parts.push(["what the user wrote is not shown here"]);
  return row.kind === undefined ? null : dim("Evidence: ", row.kind, ...parts.flatMap((part) => [" · ", ...part]));
}

function listRow(row) {
  return [
    itemLink(row.item),
    row.reason === undefined ? null : el("p", {}, shown(row.reason)),
    evidence(row),
    dim(el("span", { class: "chip" }, row.source), `score ${row.score}`, row.is_drawn ? " · drawn to explore" : ""),
  ].filter((part) => part !== null);
}

function userView(place) {
  const user = data.users[place];
  const met = (row) => [itemLink(row.item), dim(`${row.date} · ${count(row.n_events, "event")} · ${count(row.n_goals, "goal")}`)];
  return [
    el("h2", {}, userName(user)),
    dim(user.id),
    el("div", { class: "columns" },
      el("section", {}, el("h3", {}, "Tonight's list"), ranked(user.list.map(listRow))),
      el("section", {}, el("h3", {}, `History, the newest ${user.history.length} of ${user.n_items}`), ranked(user.history.map(met)))),
  ];
}

function itemsView() {
  const rows = items.item_id.map((id, item) => ({
    text: `${id} ${items.title[item] || ""} ${items.categories[item] || ""}`.toLowerCase(),
    link: () => [`#item=${item}`, shown(nameOf(item)), " ", el("span", { class: "dim" }, `in ${count(items.n_lists[item], "list")}`)],
  }));
  return browse("items", "Title, key or category", rows);
}

function itemView(item) {
  const kinds = { joined: "Similar, by both", behaviour: "By behaviour", text: "By text" };
  const about = [items.description[item], bars(items.categories[item]), bars(items.tags[item])].filter(Boolean);
  return [
    el("h2", {}, shown(nameOf(item))),
    dim("key ", shown(items.item_id[item]), items.title[item] ? "" : " · no title"),
    ...about.map((text) => el("p", {}, shown(text))),
    el("p", {}, `In ${count(items.n_lists[item], "list")} of ${data.n_users.toLocaleString("en")}, first in ${items.n_first[item].toLocaleString("en")}.`),
    el("div", { class: "columns" }, ...Object.entries(kinds).map(([kind, heading]) => {
      const like = data.similar[kind][item];
      return el("section", {}, el("h3", {}, heading), like.length ? ranked(like.map(itemLink)) : dim("none"));
    })),
  ];
}

function searchesView() {
  if (!data.queries.length) return [el("p", {}, "No search was made by enough users to be answered.")];
  const rows = data.queries.map((search, place) => ({
    text: search.query.toLowerCase(),
    link: () => [`#search=${place}`, shown(search.query), " ", el("span", { class: "dim" }, count(search.n_users, "user"))],
  }));
  return browse("searches", "Search", rows);
}

function searchView(place) {
  const search = data.queries[place];
  return [el("h2", {}, shown(search.query)), dim(`searched by ${count(search.n_users, "user")}`), ranked(search.items.map(itemLink))];
}

const popularName = (list) => [`${list.kind}, ${count(list.days, "day")}, `, shown(list.category || "all items")];

function popularView() {
  if (!data.popular.length) return [el("p", {}, "Nothing was turned to by enough users to be popular.")];
  const rows = data.popular.map((list, place) => ({
    text: `${list.kind} ${list.days} ${list.category || "all items"}`.toLowerCase(),
    link: () => [`#popularity=${place}`, ...popularName(list)],
  }));
  return browse("popular", "Category", rows);
}

function popularityView(place) {
  const list = data.popular[place];
  return [el("h2", {}, ...popularName(list)), ranked(list.items.map(([item, n]) => [itemLink(item), dim(count(n, "user"))]))];
}

// Name in the address: [the tab it belongs to, what makes it, how many there are].
const VIEWS = {
  users: ["users", usersView], user: ["users", userView, data.users.length],
  items: ["items", itemsView], item: ["items", itemView, items.item_id.length],
  searches: ["searches", searchesView], search: ["searches", searchView, data.queries.length],
  popular: ["popular", popularView], popularity: ["popular", popularityView, data.popular.length],
};

function show() {
  const [name, place] = location.hash.slice(1).split("=");
  const known = Object.hasOwn(VIEWS, name) && (VIEWS[name][2] === undefined || (/^\d+$/.test(place) && Number(place) < VIEWS[name][2]));
  const [tab, make] = VIEWS[known ? name : "users"];
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${tab}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view.replaceChildren(...make(Number(place)));
  window.scrollTo(0, 0);
}

document.title = `${data.domain} ${data.run_date} · Nightrec explorer`;
document.getElementById("about").append(
  shown(data.domain), `, night of ${data.run_date}: ${data.users.length} of ${count(data.n_users, "user")} with a list, from the longest history to the shortest, and ${items.item_id.length.toLocaleString("en")} of ${count(data.n_items, "item")}.`);
window.addEventListener("hashchange", () => {
  show();
  view.focus({ preventScroll: true });
});
show();
