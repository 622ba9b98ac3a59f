// The pages of scripts: deciding about a version, and writing one as a form.

import "./parts/scriptdecide.ts";
import "./parts/scripteditor.ts";
