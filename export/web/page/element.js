/** The element of page.html with an id. */
export const $ = (id) => document.getElementById(id);
