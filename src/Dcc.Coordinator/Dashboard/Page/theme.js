// Runs before the first paint: a page that changes its colours after it is drawn flashes. It says "themechange" when they change.
const theme = {
  choices: ["automatic", "light", "dark"],
  choice: localStorage.getItem("dcc-theme") ?? "automatic",
  systemIsDark: matchMedia("(prefers-color-scheme: dark)"),

  apply() {
    document.documentElement.dataset.theme = this.choice === "automatic" ? (this.systemIsDark.matches ? "dark" : "light") : this.choice;
    dispatchEvent(new Event("themechange"));
  },

  next() {
    this.choice = this.choices[(this.choices.indexOf(this.choice) + 1) % this.choices.length];
    localStorage.setItem("dcc-theme", this.choice);
    this.apply();
  },
};

theme.systemIsDark.addEventListener("change", () => theme.apply());
theme.apply();
