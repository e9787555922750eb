for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const key = row => parseFloat(row.cells[column].textContent);
      const rows = [...body.rows].map(row => [key(row), row]);
      rows.sort(([a], [b]) => isNaN(a) - isNaN(b) || (down ? b - a : a - b));
      body.append(...rows.map(([, row]) => row));
    });
  });
}
