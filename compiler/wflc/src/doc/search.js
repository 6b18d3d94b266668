// Finds names as they are typed. `/` goes to the search, the arrows choose, Enter opens.
(() => {
  const field = document.getElementById("search");
  const list = document.getElementById("found");
  const names = JSON.parse(document.getElementById("names").textContent);
  let chosen = -1;

  // The smaller the better; below nothing that fits.
  const rank = (name, query) => {
    const text = name.toLowerCase();
    const at = text.indexOf(query);
    if (at < 0) return Infinity;
    const last = text.lastIndexOf(".") + 1;
    if (text === query || text.slice(last) === query) return 0;
    if (at === 0 || at === last) return 1;
    return 2;
  };

  const choose = (at) => {
    const items = list.querySelectorAll("a");
    if (items.length === 0) return;
    chosen = (at + items.length) % items.length;
    items.forEach((item, i) => item.classList.toggle("chosen", i === chosen));
    items[chosen].scrollIntoView({ block: "nearest" });
  };

  const element = (tag, kind, text) => {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    made.textContent = text;
    return made;
  };

  const show = () => {
    const query = field.value.trim().toLowerCase();
    const fitting = names
      .map((entry) => [rank(entry[0], query), entry])
      .filter(([rank]) => query !== "" && rank < Infinity)
      .sort((a, b) => a[0] - b[0] || a[1][0].length - b[1][0].length || a[1][0].localeCompare(b[1][0]))
      .slice(0, 14);
    list.replaceChildren();
    for (const [, [name, kind, module, href, about]] of fitting) {
      const link = document.createElement("a");
      link.href = href;
      link.append(element("span", "kind " + kind, kind), element("b", "", name), element("small", "", module));
      if (about) link.append(element("p", "", about.replaceAll("`", "")));
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    if (query !== "" && fitting.length === 0) list.append(element("li", "none", "Nothing is called so."));
    list.hidden = query === "";
    chosen = -1;
    if (fitting.length > 0) choose(0);
  };

  const close = () => {
    field.value = "";
    show();
    field.blur();
  };

  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter") {
      const link = list.querySelectorAll("a")[chosen];
      if (link) {
        location.href = link.href;
        close();
      }
    } else return;
    event.preventDefault();
  });
  list.addEventListener("click", () => setTimeout(close));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== field && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      field.focus();
    }
  });
})();
