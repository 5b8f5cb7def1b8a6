// Theme and language as `src/storage/settings.ts` keeps them; nothing is lost where reading is forbidden.
try {
  const root = document.documentElement;
  const theme = localStorage.getItem('patio.theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  if (localStorage.getItem('patio.locale') === 'en') root.lang = 'en';
} catch {
  // Storage is forbidden: the system's theme stands.
}
