import fc from "fast-check";

// Random programs are as long as their tests allow: by itself fast-check makes arrays of some ten steps, whatever `maxLength` says.
fc.configureGlobal({ baseSize: "max" });
