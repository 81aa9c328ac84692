// A slider over the rows of a picture: the row it stands at is marked, and said in words.

for (const place of document.querySelectorAll("[data-slide]")) {
  const picture = document.getElementById(place.dataset.slide);
  const slider = place.querySelector("input");
  const words = place.querySelector("output");
  const rows = [...(picture?.querySelectorAll("[data-day]") ?? [])];
  const show = () => {
    for (const row of rows) row.classList.toggle("here", row.dataset.day === slider.value);
    words.textContent = rows[Number(slider.value)]?.dataset.words ?? "";
  };
  slider.addEventListener("input", show);
  for (const row of rows) {
    row.addEventListener("click", () => {
      slider.value = row.dataset.day;
      show();
    });
  }
  show();
}
