#!/usr/bin/env node
import { createCommand } from "../dist/cli.js";

await createCommand().parseAsync();
