// A search box that leaves only those rows of a table that hold its words.
//
// <input data-filters="#header"> filters the rows of the table #header; an element with
// data-filtered says how many are left. Without this module the table is simply whole.

for (const box of document.querySelectorAll("input[data-filters]")) {
  const table = document.querySelector(box.dataset.filters);
  const rows = [...table.tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const count = document.querySelector("[data-filtered]");

  box.closest("[hidden]")?.removeAttribute("hidden");
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, place) => {
      row.hidden = !words.every((word) => texts[place].includes(word));
      left += row.hidden ? 0 : 1;
    });
    count.textContent = words.length ? `${left} of ${rows.length} fields` : "";
  });
}
