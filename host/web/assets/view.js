// What one reader wants of all pages: zone, theme, keys. Kept in cookies, so that the server draws it right the first time.

const base = document.documentElement.dataset.base;
const YEAR_S = 31_536_000;

function keep(name, value) {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=${base || "/"}; max-age=${YEAR_S}; samesite=strict`;
}

keep("mine", Intl.DateTimeFormat().resolvedOptions().timeZone);

for (const choice of document.querySelectorAll("[data-keep]")) {
  choice.addEventListener("change", () => {
    keep(choice.dataset.keep, choice.value);
    location.reload();
  });
}

// `g` and a letter goes to a page, `/` to the search field, `?` to the list of keys.
let going = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog[open]")) return;
  const target = going && document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`);
  going = event.key === "g" && !going;
  if (target) target.click();
  else if (event.key === "/") {
    event.preventDefault();
    document.querySelector("[data-search]")?.focus();
  } else if (event.key === "?") document.getElementById("keys").showModal();
});
