/** The module that a page loads: it registers the elements. */
export {};
