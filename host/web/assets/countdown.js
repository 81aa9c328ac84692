// Counts down to what is due, by the server's clock as it was when the page came: `data-due` is in unix milliseconds.

const served = Number(document.documentElement.dataset.now);
const ahead = served ? served - Date.now() : 0;

function words(seconds) {
  const units = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]];
  const first = units.findIndex(([, length]) => seconds >= length);
  if (first < 0) return "now";
  return units.slice(first, first + 2).map(([unit, length], i) => {
    const count = Math.floor((i === 0 ? seconds : seconds % units[first][1]) / length);
    return count || i === 0 ? `${count}${unit}` : "";
  }).join("");
}

function tick() {
  for (const place of document.querySelectorAll("[data-due]")) {
    const left = Math.round((Number(place.dataset.due) - Date.now() - ahead) / 1_000);
    const text = left > 0 ? `in ${words(left)}` : left > -3 ? "now" : `${words(-left)} ago`;
    if (place.textContent !== text) place.textContent = text;
  }
}

tick();
setInterval(tick, 1_000);
document.addEventListener("noontide:renewed", tick);
