// Written by `make openapi`; changes here are lost.

export interface paths {
    "/accounts/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_accounts_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_accounts_tokens"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_accounts_users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_accounts_users_user_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_api_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_api_jobs_job_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}/callbacks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_api_jobs_job_id_callbacks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_api_jobs_job_id_result"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices/{serial}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_devices_serial"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/dlq": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_jobs_dlq"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage/baselines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_usage_baselines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage/baselines/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_usage_baselines_name"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_usage_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_usage_compare"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage/export.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_usage_export_csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_usage_summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/data/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_user_data_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/data/get_adapter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_user_data_get_adapter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/data/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_user_data_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user/data/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_user_data_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_v1_models_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The status of an account, and what is not erased yet. */
        AccountStatusAnswer: {
            /**
             * @description How much of each kind was left at the last look, counted up to 1,000; empty unless the account is being erased.
             * @example {
             *       "account": 1,
             *       "datasets": 1000
             *     }
             */
            left: {
                [key: string]: number;
            };
            /**
             * @example erasing
             * @enum {string}
             */
            status: "active" | "erasing" | "erased";
            /** @example ada */
            user_id: string;
        };
        /**
         * @description What the fields of a row mean. Dotted paths are allowed; defaults: the standard names.
         *
         *     At most 32 KB as JSON. The further members of `get_adapter` (`version`, `updated_at`,
         *     `backfill`) are accepted and ignored.
         * @example {
         *       "completion_tokens_field": "completion_tokens",
         *       "dataset": "my_server_metrics",
         *       "device_field": "device",
         *       "enabled": true,
         *       "extra_fields": [
         *         {
         *           "field": "gpu_power_w",
         *           "kind": "number",
         *           "label": "GPU power (W)"
         *         }
         *       ],
         *       "latency_ms_field": "latency_ms",
         *       "model_field": "model",
         *       "prompt_tokens_field": "prompt_tokens",
         *       "ttft_ms_field": "ttft_ms",
         *       "x_field": "ts"
         *     }
         */
        AdapterBody: {
            /** @default completion_tokens */
            completion_tokens_field?: string;
            /** @description Fields that hold conditions of the run; those of the row's member `conditions` are read without a word. */
            condition_fields?: components["schemas"]["ConditionFieldBody"][];
            dataset: string;
            /** @default device */
            device_field?: string;
            /** @default true */
            enabled?: boolean;
            extra_fields?: components["schemas"]["ExtraFieldBody"][];
            job_id_field?: string | null;
            /** @default latency_ms */
            latency_ms_field?: string;
            /** @default model */
            model_field?: string;
            ok_field?: string | null;
            /** @description The texts of `ok_field` that mean ok, exactly as they are; all others then mean not. Without it: true and false, 0 and 1, and, in any case, `true`, `false`, `ok`, `error`, `success`, `failure`, `succeeded`, `failed`. */
            ok_values?: string[] | null;
            prompt_preview_field?: string | null;
            /** @default prompt_tokens */
            prompt_tokens_field?: string;
            tag_field?: string | null;
            tok_s_field?: string | null;
            /** @default ttft_ms */
            ttft_ms_field?: string;
            /**
             * @example {
             *       "latency_ms": "s"
             *     }
             */
            units?: components["schemas"]["UnitsBody"];
            /** @default ts */
            x_field?: string;
        };
        /** @description What an adapter would make of the newest rows. */
        AdapterPreview: {
            errors: components["schemas"]["ProblemFault"][];
            runs: {
                [key: string]: unknown;
            }[];
        };
        /** @description Whether a dataset's adapter is on. */
        AdapterState: {
            enabled: boolean;
        };
        /**
         * @description The outcome of an append.
         *
         *     `usage` is null when there is no enabled adapter, `batch_id` when nothing was stored
         *     (`dry_run`).
         */
        AppendAnswer: {
            appended: number;
            batch_id: string | null;
            dataset: string;
            errors: components["schemas"]["ProblemFault"][];
            errors_truncated: boolean;
            received: number;
            rejected: number;
            usage: components["schemas"]["RecordedUsage"] | null;
        };
        /**
         * @description A whole answer. `output` is without thoughts, which stand in `reasoning` where the model's
         *     server keeps them apart.
         */
        AskAnswer: {
            device: string;
            finish_reason: string;
            metrics: components["schemas"]["AskMetrics"];
            model: string;
            output: string;
            phases: components["schemas"]["Phases"];
            reasoning?: string;
            request_id: string;
            run_id: string | null;
            usage: components["schemas"]["AskUsage"];
        };
        /** @description What became of the items, in their order. */
        AskBatchAnswer: {
            results: components["schemas"]["AskBatchResult"][];
        };
        /** @description Bodies of `/ask`, and how many of them may be under way at once. */
        AskBatchBody: {
            items: unknown[];
            /** @default 4 */
            parallel?: number;
        };
        /** @description What became of one item: its answer, or its problem. */
        AskBatchResult: {
            answer?: components["schemas"]["AskAnswer"];
            problem?: Record<string, never>;
            status: number;
        };
        /** @description A prompt for a model on any device, or on one. */
        AskBody: {
            /** @default null */
            device?: string | null;
            /** @default 30 */
            max_wait_s?: number;
            model: string;
            /** @default {} */
            options?: Record<string, never>;
            /** @default false */
            preview?: boolean;
            prompt: string;
            /** @default null */
            system?: string | null;
            /** @default null */
            tag?: string | null;
            /** @default 300 */
            timeout_s?: number;
        };
        /** @description The call is being stopped; how it ended says its own answer. */
        AskCancelled: {
            request_id: string;
            status: string;
        };
        /** @description An answer without its output: what `done` of a stream carries. */
        AskEnd: {
            device: string;
            finish_reason: string;
            metrics: components["schemas"]["AskMetrics"];
            model: string;
            phases: components["schemas"]["Phases"];
            request_id: string;
            run_id: string | null;
            usage: components["schemas"]["AskUsage"];
        };
        /** @description As those of a job's result: the device's own clock from its start; null is not measured. */
        AskMetrics: {
            completion_tokens: number | null;
            latency_ms: number | null;
            load_ms: number | null;
            prefill_tps: number | null;
            prompt_tokens: number | null;
            tok_s: number | null;
            tpot_ms: number | null;
            ttft_ms: number | null;
        };
        /** @description How to generate; other members are passed through to the model's server. */
        AskOptions: {
            /** @default null */
            num_predict?: number | null;
            /** @default null */
            seed?: number | null;
            /** @default null */
            stop?: string | string[] | null;
            /** @default null */
            temperature?: number | null;
            /** @default null */
            top_k?: number | null;
            /** @default null */
            top_p?: number | null;
        };
        /**
         * @description A part of a call, on the clock of the gateway (since the call came) or of the device (since
         *     the ask came there).
         */
        AskSpan: {
            clock: string;
            duration_ms: number;
            name: string;
            start_ms: number;
        };
        /**
         * @description A whole answer, where its time went, and when its pieces came: ms since the device began, and
         *     characters.
         */
        AskTrace: {
            chunks: [
                number,
                number
            ][];
            device: string;
            finish_reason: string;
            metrics: components["schemas"]["AskMetrics"];
            model: string;
            output: string;
            phases: components["schemas"]["Phases"];
            reasoning?: string;
            request_id: string;
            run_id: string | null;
            spans: components["schemas"]["AskSpan"][];
            usage: components["schemas"]["AskUsage"];
        };
        /** @description What the model's server counted; null is what it did not. */
        AskUsage: {
            completion_tokens: number | null;
            prompt_tokens: number | null;
            total_tokens: number | null;
        };
        /** @description How a member was treated that some rows have, lack, or leave ambiguous. */
        AssumedAnswer: {
            field: string;
            rows: number;
            treated_as: string;
        };
        /** @description The job's status after the attempt. */
        AttemptEnd: {
            job_id: string;
            status: string;
        };
        /** @description One change to an account, a token or a device. */
        AuditLine: {
            /** @example token.revoked */
            action: string;
            /** @description The user who made the change; null: the service itself. */
            actor: string | null;
            /** @example 2026-01-01T00:00:00.000Z */
            at: string;
            /** @description Further facts; never a secret. */
            detail: {
                [key: string]: unknown;
            };
            /** @description The user id, token id or serial that was changed. */
            object: string;
            /** @description The token that was used. */
            token_id: string | null;
        };
        /**
         * @description The progress of converting the rows that were stored before the adapter.
         *
         *     `converted` rows became runs; `skipped` ones lack a readable time or number.
         */
        BackfillAnswer: {
            converted: number;
            skipped: number;
            /** @enum {string} */
            status: "running" | "done";
        };
        /** @description A baseline; `series` is how many groups it keeps figures of. */
        BaselineAnswer: {
            by: string[];
            filters: {
                [key: string]: (string | boolean)[];
            };
            name: string;
            reason: string;
            runs: number;
            series: number;
            set_at: string;
            set_by: string;
            version: number;
            window: components["schemas"]["BaselineWindow"];
        };
        /**
         * @description Which runs become the baseline, and why.
         * @example {
         *       "filters": {
         *         "cond.branch": [
         *           "main"
         *         ]
         *       },
         *       "reason": "release 1.4",
         *       "window": {
         *         "last_s": 604800
         *       }
         *     }
         */
        BaselineBody: {
            /** @description By what series are kept apart: up to three of device, model, tag, tenant, dataset, source_kind, cond.<name>. */
            by?: string[];
            /**
             * @description Any of device, model, tag, tenant, ok, dataset, source_kind and cond.<name>, each with the values any of which fits.
             * @example {
             *       "cond.commit": [
             *         "4f2c1d9"
             *       ]
             *     }
             */
            filters?: {
                [key: string]: (string | boolean | number)[] | string | boolean | number;
            };
            reason: string;
            window: components["schemas"]["WindowBody"];
        };
        /** @description A baseline with its last 50 versions, the newest first. */
        BaselineDetailAnswer: {
            by: string[];
            filters: {
                [key: string]: (string | boolean)[];
            };
            history: components["schemas"]["BaselineVersionAnswer"][];
            name: string;
            reason: string;
            runs: number;
            series: number;
            set_at: string;
            set_by: string;
            version: number;
            window: components["schemas"]["BaselineWindow"];
        };
        /** @description One version of a baseline. */
        BaselineVersionAnswer: {
            reason: string;
            runs: number;
            set_at: string;
            set_by: string;
            version: number;
        };
        /** @description The window that was resolved when it was set. */
        BaselineWindow: {
            from: string;
            to: string;
        };
        /** @description What became of each device, in the order of the request. */
        BatchAnswer: {
            results: components["schemas"]["ChangedDevice"][];
        };
        /** @description Which devices to change, and what of them. */
        BatchBody: {
            serials: string[];
            set: components["schemas"]["ChangeBody"];
        };
        /** @description The stats of one group. */
        BreakdownEntry: {
            completion_tokens: number;
            error_rate: number | null;
            errors: number;
            extra: {
                [key: string]: components["schemas"]["Distribution"];
            };
            /** @description With `others`: how many groups these are. */
            groups?: number;
            key: {
                [key: string]: string | number | boolean | null;
            };
            latency_ms: components["schemas"]["Distribution"];
            ok: number;
            /** @description True with `top`, where this is all other groups together; its `key` is empty. */
            others?: boolean;
            prompt_tokens: number;
            runs: number;
            throughput_tps: number | null;
            tok_s: components["schemas"]["Distribution"];
            total_tokens: number;
            ttft_ms: components["schemas"]["Distribution"];
        };
        /** @description A model that can be called now. */
        CallableModel: {
            created: number;
            id: string;
            object: string;
            owned_by: string;
        };
        /** @description The models that can be called now. */
        CallableModels: {
            data: components["schemas"]["CallableModel"][];
            object: string;
        };
        /** @description One attempt to deliver a callback. */
        CallbackAnswer: {
            at: string;
            /**
             * @description Why the attempt failed.
             * @example timeout
             */
            error: string | null;
            /** @description When the next attempt is planned. */
            next_at: string | null;
            ok: boolean;
            status_code: number | null;
            /**
             * @description What caused the attempt.
             * @enum {string}
             */
            trigger: "schedule" | "redeliver";
            /** @example job.succeeded */
            type: string;
            /** @example evt_01KBJ8S2X0ZZZZZZZZZZZZZZZZ */
            webhook_id: string;
        };
        /** @description Where a series shifted. */
        ChangeAnswer: {
            after: components["schemas"]["ChangeSide"];
            at: string;
            before: components["schemas"]["ChangeSide"];
            conditions_changed: components["schemas"]["ChangedCondition"][];
            delta_pct: number | null;
            key: {
                [key: string]: string | number | boolean | null;
            };
            metric: string;
            p_value: number;
            /** @enum {string} */
            verdict: "improved" | "regressed";
        };
        /** @description What to change of a device. Members that are left out stay; null takes a value out. */
        ChangeBody: {
            /**
             * @description Said, it ends the state `unhealthy`, and a rest of its model's server.
             * @default true
             * @constant
             */
            healthy?: true;
            /** @example phone */
            kind?: string | null;
            /**
             * @description Whether it is taken out of service.
             * @default false
             */
            maintenance?: boolean;
            /** @description What it serves until it reports its models; all names together 32 KB. */
            models?: string[] | null;
            name?: string | null;
            /** @description For people: where it is, what is wrong with it. */
            note?: string | null;
            /** @description Only this user's jobs run on it; null: everybody's. */
            owner?: string | null;
            /**
             * @default [
             *       "default"
             *     ]
             */
            queue_tags?: string[];
        };
        /** @description A dimension or condition with other values after the change; those nearest to it first. */
        ChangedCondition: {
            after: (string | number | boolean | null)[];
            before: (string | number | boolean | null)[];
            field: string;
        };
        /** @description What became of one device of a batch. */
        ChangedDevice: {
            problem?: components["schemas"]["Problem"] | null;
            serial: string;
            /** @enum {integer} */
            status: 200 | 404 | 503;
        };
        /** @description The changes of a window, the newest first, at most 200. */
        ChangesAnswer: {
            changes: components["schemas"]["ChangeAnswer"][];
            filters: {
                [key: string]: unknown;
            };
            group_by: string[];
            metric: string;
            window: components["schemas"]["ChangesWindow"];
        };
        /** @description The runs on one side of a change. */
        ChangeSide: {
            mean: number;
            n: number;
        };
        /** @description The window that was answered, half-open. */
        ChangesWindow: {
            bucket_s: number | null;
            from: string;
            partial_last_bucket: boolean;
            to: string;
        };
        /**
         * @description How to connect for calls of the LLM gateway: MQTT 3.1.1 over WebSocket, under one of the ids,
         *     hearing on `down`, answering on topics that begin with `up`.
         */
        ChannelAnswer: {
            client_ids: string[];
            down: string;
            expires_at: string;
            host: string;
            up: string;
            /** @description Signed; a secret, for one connection soon. */
            url: string;
        };
        /** @description OpenAI's `chat.completion`; message and usage are as the model's server said them. */
        ChatAnswer: {
            choices: Record<string, never>[];
            created: number;
            id: string;
            model: string;
            object: string;
            usage: Record<string, never>;
        };
        /** @description What of a chat is read here; all of it goes to the model's server. */
        ChatBody: {
            messages: Record<string, never>[];
            /** @default null */
            metadata?: Record<string, never> | null;
            model: string;
            /** @default 1 */
            n?: number | null;
            /** @default false */
            stream?: boolean | null;
            /** @default null */
            stream_options?: components["schemas"]["StreamOptions"] | null;
        };
        /** @description The state of each dependency. */
        Checks: {
            /** @enum {string} */
            bucket: "ok" | "failing";
            /** @enum {string} */
            tables: "ok" | "failing";
        };
        /** @description A job to run. Each later call about it carries the attempt's number. */
        ClaimAnswer: {
            attempt: number;
            lease_s: number;
            model: string;
            options: {
                [key: string]: unknown;
            };
            prompt: string;
            repeat: number;
            system: string | null;
            timeout_s: number;
            warmup: number;
        };
        /** @description Both sides, what changed between them, and under which conditions. */
        CompareAnswer: {
            a: components["schemas"]["SideAnswer"];
            b: components["schemas"]["SideAnswer"];
            conditions_diff: components["schemas"]["ConditionDifference"][];
            metrics: components["schemas"]["MetricComparison"][];
            min_effect_pct: number;
        };
        /** @description The attempt's result. */
        CompleteBody: {
            attempt: number;
            /**
             * @description Under what it ran. What no run can have is left out and named in `warnings`.
             * @example {
             *       "commit": "4f2c1d9",
             *       "threads": 4
             *     }
             */
            conditions?: {
                [key: string]: string | number | boolean | null;
            } | null;
            extra?: {
                [key: string]: number;
            };
            /**
             * @description What a reader must know before comparing it; what is no flag is left out and named in `warnings`.
             * @example [
             *       "cached"
             *     ]
             */
            flags?: string[] | null;
            /** @description The log, as far as it fits into the body. */
            log?: string | null;
            /**
             * @description Whether the log was uploaded to the address of `log_upload`.
             * @default false
             */
            log_uploaded?: boolean;
            metrics: components["schemas"]["MetricsBody"];
            output: string;
            provenance?: {
                [key: string]: unknown;
            } | null;
            samples?: {
                [key: string]: unknown;
            }[];
            telemetry?: {
                [key: string]: unknown;
            } | null;
        };
        /** @description The same, and what of the result was left out. */
        CompletedAttempt: {
            job_id: string;
            status: string;
            warnings: string[];
        };
        /** @description OpenAI's `text_completion`; usage is as the model's server said it. */
        CompletionAnswer: {
            choices: Record<string, never>[];
            created: number;
            id: string;
            model: string;
            object: string;
            usage: Record<string, never>;
        };
        /** @description What of a completion is read here; all of it goes to the model's server. */
        CompletionBody: {
            /** @default null */
            metadata?: Record<string, never> | null;
            model: string;
            /** @default 1 */
            n?: number | null;
            prompt: string;
            /** @default false */
            stream?: boolean | null;
            /** @default null */
            stream_options?: components["schemas"]["StreamOptions"] | null;
        };
        /**
         * @description A dimension or condition whose values differ, null among them, or `mean_prompt_tokens` and
         *     `mean_completion_tokens` that differ by more than 10 %. At most 50 values a side; where there
         *     are more, `a_count` and `b_count` say how many there are in all.
         */
        ConditionDifference: {
            a: (string | number | boolean | null)[];
            a_count?: number;
            b: (string | number | boolean | null)[];
            b_count?: number;
            field: string;
        };
        /**
         * @description A field that holds a condition of the run: text of at most 128 characters, a number, true or
         *     false.
         */
        ConditionFieldBody: {
            /** @example model.quantization */
            field: string;
            /** @example quant */
            name: string;
        };
        /** @description Short-lived AWS credentials. */
        CredentialsAnswer: {
            access_key_id: string;
            expires_at: string;
            secret_access_key: string;
            session_token: string;
        };
        /** @description A dataset in the list. */
        DatasetEntry: {
            adapter: components["schemas"]["AdapterState"] | null;
            bytes: number;
            created_at: string;
            dataset: string;
            rows: number;
            updated_at: string;
        };
        /** @description A dataset's metrics. */
        DatasetMetrics: {
            adapter: components["schemas"]["SavedAdapter"] | null;
            by_device: components["schemas"]["DeviceRows"][];
            by_model: components["schemas"]["ModelRows"][];
            dataset: string;
            rows: number;
            series: components["schemas"]["SeriesAnswer"][];
            window: components["schemas"]["MetricsWindow"];
            x_field: string;
        };
        /** @description A job in the dead-letter queue. */
        DeadJobAnswer: {
            adapter_id: string | null;
            attempt: number;
            callback_url: string | null;
            conditions: {
                [key: string]: string | number | boolean;
            };
            created_at: string;
            dead_at: string;
            device: string | null;
            device_serial: string | null;
            failure: components["schemas"]["FailureAnswer"] | null;
            finished_at: string | null;
            job_id: string;
            max_attempts: number;
            model: string;
            /** @description The device that was asked for, also after the job moved to its pool. */
            pinned_to: string | null;
            priority: number;
            prompt_preview: string;
            queue: components["schemas"]["QueuePosition"] | null;
            queue_ms: number | null;
            queue_tag: string;
            repeat: number;
            run_ms: number | null;
            started_at: string | null;
            /** @enum {string} */
            status: "queued" | "running" | "cancelling" | "succeeded" | "cancelled" | "dead";
            /** @description What it waits for, with the devices that may run it and how they are. */
            status_detail: string | null;
            status_reason: string | null;
            tag: string | null;
            timeout_s: number;
            user_id: string;
            warmup: number;
        };
        /** @description What one metric means; `definition_version` grows when the formula changes. */
        DefinitionAnswer: {
            better: ("higher" | "lower") | null;
            definition_version: number;
            formula: string;
            /** @enum {string} */
            kind: "measured" | "derived" | "counted";
            metric: string;
            name: string;
            source: string;
            unit: string | null;
        };
        /** @description All definitions, on one page. */
        DefinitionsAnswer: {
            data: components["schemas"]["DefinitionAnswer"][];
            /** @constant */
            has_more: false;
            next_cursor: null;
        };
        /** @description A device as it was registered and as it reported last. */
        DeviceAnswer: {
            /** @description What runs the models, as the runner names it. */
            backend: string | null;
            battery: number | null;
            /** @description Calls of the LLM gateway, anybody's, that it answers, in its last report. */
            calls_running: number;
            charging: boolean | null;
            /** @description The job that it runs, if it is yours. */
            job_id: string | null;
            kind: string | null;
            last_seen_at: string | null;
            models: string[];
            name: string | null;
            /** @description Why the device takes no job, if it gave a reason. */
            not_ready_reason: string | null;
            owner: string | null;
            present: boolean;
            queue_tags: string[];
            ready: boolean;
            runner_version: string | null;
            serial: string;
            /** @enum {string} */
            state: "available" | "busy" | "offline" | "hot" | "low_battery" | "maintenance" | "unhealthy";
            /** @description Whether it is connected for calls of the LLM gateway. */
            takes_calls: boolean;
            temperature_c: number | null;
            thermal_state: string | number | null;
            /** @description After three different jobs that failed there in a row: it is given no job until it has tried itself with one token, first after 60 s, or an administrator says that it is `healthy`. */
            unhealthy: components["schemas"]["UnhealthyAnswer"] | null;
            /** @description Whether it runs a job or answers a call. */
            using: boolean;
        };
        /** @description A device with its last reports and troubles, oldest first. */
        DeviceDetailAnswer: {
            /** @description What runs the models, as the runner names it. */
            backend: string | null;
            battery: number | null;
            /** @description Calls of the LLM gateway, anybody's, that it answers, in its last report. */
            calls_running: number;
            charging: boolean | null;
            /** @description The job that it runs, if it is yours. */
            job_id: string | null;
            kind: string | null;
            last_seen_at: string | null;
            models: string[];
            name: string | null;
            /** @description Why the device takes no job, if it gave a reason. */
            not_ready_reason: string | null;
            note: string | null;
            owner: string | null;
            present: boolean;
            queue_tags: string[];
            ready: boolean;
            runner_version: string | null;
            serial: string;
            /** @enum {string} */
            state: "available" | "busy" | "offline" | "hot" | "low_battery" | "maintenance" | "unhealthy";
            /** @description Whether it is connected for calls of the LLM gateway. */
            takes_calls: boolean;
            telemetry: components["schemas"]["TelemetryAnswer"][];
            temperature_c: number | null;
            thermal_state: string | number | null;
            /** @description The last 20. */
            troubles: components["schemas"]["TroubleAnswer"][];
            /** @description After three different jobs that failed there in a row: it is given no job until it has tried itself with one token, first after 60 s, or an administrator says that it is `healthy`. */
            unhealthy: components["schemas"]["UnhealthyAnswer"] | null;
            /** @description Whether it runs a job or answers a call. */
            using: boolean;
        };
        /** @description Dead jobs that failed on the same device. */
        DeviceGroupAnswer: {
            count: number;
            /** @description Null: on no device. */
            device: string | null;
            newest: components["schemas"]["DeadJobAnswer"];
        };
        /** @description A queue to receive from. */
        DeviceQueue: {
            /** @enum {string} */
            lane: "high" | "normal";
            url: string;
        };
        /** @description How many rows a device has; null counts rows without one. */
        DeviceRows: {
            device: string | null;
            rows: number;
        };
        /** @description A distribution; with `n` 0 every other member is null. Percentiles interpolate linearly. */
        Distribution: {
            max: number | null;
            mean: number | null;
            min: number | null;
            n: number;
            p50: number | null;
            p90: number | null;
            p95: number | null;
            p99: number | null;
            std: number | null;
        };
        /** @description A file that was too large for an answer. */
        ExportedFile: {
            bytes: number;
            /** @description When the address expires. */
            expires_at: string;
            file_name: string;
            /** @enum {string} */
            format: "csv" | "jsonl" | "parquet";
            rows: number;
            /** @description The same as `Location`. */
            url: string;
        };
        /** @description A labelled extra metric of a saved adapter. */
        ExtraField: {
            better: ("higher" | "lower") | null;
            /** @example gpu_power_w */
            field: string;
            /**
             * @default number
             * @enum {string}
             */
            kind: "number" | "string" | "boolean";
            /** @example GPU power (W) */
            label: string;
            /**
             * @description Multiplies numbers; its size is from 1e-18 to 1e18.
             * @default 1
             */
            scale: number;
            /** @example W */
            unit: string | null;
        };
        /** @description A labelled extra metric. */
        ExtraFieldBody: {
            better?: ("higher" | "lower") | null;
            /** @example gpu_power_w */
            field: string;
            /**
             * @default number
             * @enum {string}
             */
            kind?: "number" | "string" | "boolean";
            /** @example GPU power (W) */
            label: string;
            /**
             * @description Multiplies numbers; its size is from 1e-18 to 1e18.
             * @default 1
             */
            scale?: number;
            /** @example W */
            unit?: string | null;
        };
        /** @description The window has more extra metrics than the answer lists; `extra=<label>` asks for others. */
        ExtraLabels: {
            shown: number;
            total: number;
        };
        /** @description Why the attempt failed; code `cancelled` confirms a cancel. */
        FailBody: {
            attempt: number;
            code: string;
            message: string;
            /** @description When the model's server wants to be asked again, from its `Retry-After`. */
            retry_after_s?: number | null;
            retryable: boolean;
        };
        /** @description Why an attempt, or the job, failed. */
        FailureAnswer: {
            code: string;
            device: string | null;
            message: string;
            retryable: boolean;
        };
        /** @description Dead jobs with the same failure code. */
        FailureGroupAnswer: {
            code: string;
            count: number;
            newest: components["schemas"]["DeadJobAnswer"];
        };
        /** @description Which member of a record becomes which member of a run; `unit` is the one it comes in. */
        FormatField: {
            from: string;
            to: string;
            unit: string | null;
        };
        /** @description All formats that an import recognises. */
        FormatsAnswer: {
            data: components["schemas"]["ImportFormat"][];
            /** @constant */
            has_more: false;
            next_cursor: null;
        };
        /** @description The verdict for all series together, and each of them. */
        GateAnswer: {
            baseline: components["schemas"]["GateBaseline"] | null;
            conditions_diff: components["schemas"]["ConditionDifference"][];
            markdown: string;
            /** @description Conditions of `require_same` that are not the same. */
            not_alike: string[];
            series: components["schemas"]["GateSeries"][];
            /** @enum {string} */
            verdict: "pass" | "fail" | "inconclusive" | "no_data" | "not_comparable";
        };
        /** @description The baseline that the gate went by. */
        GateBaseline: {
            age_s: number;
            name: string;
            set_at: string;
            version: number;
        };
        /**
         * @description The candidate, and what it is held against: a baseline's name or other runs.
         * @example {
         *       "baseline": "main",
         *       "candidate": {
         *         "filters": {
         *           "cond.commit": [
         *             "4f2c1d9"
         *           ]
         *         },
         *         "window": {
         *           "last_s": 86400
         *         }
         *       },
         *       "require_same": [
         *         "quant",
         *         "runtime"
         *       ],
         *       "rules": [
         *         {
         *           "max_regression_pct": 5,
         *           "metric": "tok_s"
         *         },
         *         {
         *           "max": 0.01,
         *           "metric": "error_rate"
         *         }
         *       ]
         *     }
         */
        GateBody: {
            baseline?: string | null;
            /** @description The same as `by` of `reference`. */
            by?: string[] | null;
            candidate: components["schemas"]["SideBody"];
            /**
             * @description The share of false alarms among all alarms.
             * @default 0.05
             */
            fdr?: number;
            /**
             * @description That each series of the candidate must have.
             * @default 5
             */
            min_runs?: number;
            reference?: components["schemas"]["ReferenceBody"] | null;
            require_same?: string[];
            /** @description Without any: latency_ms, ttft_ms and tok_s at 5 %. */
            rules?: components["schemas"]["RuleBody"][];
        };
        /**
         * @description One metric of one group, b (the candidate) against a.
         *
         *     `delta_pct` and `ci95_pct` are in percent of a's mean; p is one-sided. `more_runs`: how many
         *     more would decide.
         */
        GateSeries: {
            a: number | null;
            b: number | null;
            better: ("higher" | "lower") | null;
            ci95_pct: [
                number,
                number
            ] | null;
            delta_pct: number | null;
            extra: boolean;
            key: {
                [key: string]: string | number | boolean | null;
            };
            max: number | null;
            metric: string;
            more_runs: components["schemas"]["MoreRuns"] | null;
            n_a: number;
            n_b: number;
            p_value: number | null;
            q_value: number | null;
            tolerance_pct: number | null;
            unit: string | null;
            /** @enum {string} */
            verdict: "pass" | "fail" | "inconclusive" | "no_data" | "new";
        };
        /** @description `degraded` when some checks fail, `down` when all do. */
        HealthAnswer: {
            checks: components["schemas"]["Checks"];
            /** @enum {string} */
            status: "ok" | "degraded" | "down";
        };
        /** @description Whether the device must stop the job. */
        HeartbeatAnswer: {
            cancel: boolean;
        };
        /** @description The attempt goes on. */
        HeartbeatBody: {
            attempt: number;
            telemetry?: components["schemas"]["TelemetryBody"] | null;
        };
        /**
         * @description The outcome of an import: `received` = `imported` + `duplicates` + `rejected` runs.
         *
         *     `batch_id` is null when nothing was stored. `format` is `rows`, the name of what was
         *     recognised (`llama-bench`, `ollama`, `openai`, …), or `mixed`. `span` is null for no run;
         *     `sample`, of a dry run only, has the first three runs as they would be stored.
         */
        ImportAnswer: {
            assumed: components["schemas"]["AssumedAnswer"][];
            batch_id: string | null;
            duplicates: number;
            errors: components["schemas"]["ProblemFault"][];
            errors_truncated: boolean;
            format: string;
            imported: number;
            received: number;
            rejected: number;
            sample?: {
                [key: string]: unknown;
            }[];
            span: components["schemas"]["Span"] | null;
        };
        /** @description A format that an import recognises; `dropped` says what is left out. */
        ImportFormat: {
            dropped: string[];
            fields: components["schemas"]["FormatField"][];
            /** @enum {string} */
            format: "rows" | "llama-bench" | "llama-batched-bench" | "llama.cpp" | "openai" | "lmstudio" | "anthropic" | "batch" | "ollama" | "sglang" | "vllm" | "sglang-bench" | "aiperf" | "genai-perf" | "guidellm" | "llmperf" | "litellm" | "langfuse" | "llm" | "llama-swap" | "livekit" | "otlp" | "executorch" | "localscore" | "pocketpal";
            media_types: string[];
            title: string;
            told_by: string;
        };
        /** @description A job. `status_reason` says why it still waits, `status_detail` the same as a sentence. */
        JobAnswer: {
            adapter_id: string | null;
            attempt: number;
            callback_url: string | null;
            conditions: {
                [key: string]: string | number | boolean;
            };
            created_at: string;
            device: string | null;
            device_serial: string | null;
            failure: components["schemas"]["FailureAnswer"] | null;
            finished_at: string | null;
            job_id: string;
            max_attempts: number;
            model: string;
            /** @description The device that was asked for, also after the job moved to its pool. */
            pinned_to: string | null;
            priority: number;
            prompt_preview: string;
            queue: components["schemas"]["QueuePosition"] | null;
            queue_ms: number | null;
            queue_tag: string;
            repeat: number;
            run_ms: number | null;
            started_at: string | null;
            /** @enum {string} */
            status: "queued" | "running" | "cancelling" | "succeeded" | "cancelled" | "dead";
            /** @description What it waits for, with the devices that may run it and how they are. */
            status_detail: string | null;
            status_reason: string | null;
            tag: string | null;
            timeout_s: number;
            warmup: number;
        };
        /** @description One attempt. Its number is never used again and is checked on each call of its device. */
        JobAttempt: {
            attempt: number;
            device: string;
            failure: components["schemas"]["FailureAnswer"] | null;
            finished_at: string | null;
            started_at: string;
        };
        /**
         * @description A job: a prompt for a model, and where and how to run it.
         * @example {
         *       "adapter_id": "my_server_metrics",
         *       "callback_url": "https://example.com/hooks/job-finished",
         *       "device_serial": "0000asd",
         *       "model": "tinyllama-1.1b-chat",
         *       "options": {
         *         "num_predict": 256,
         *         "temperature": 0.7
         *       },
         *       "priority": 1,
         *       "prompt": "Benchmark this prompt on a specific device.",
         *       "queue_tag": "short",
         *       "system": "You are a benchmark helper."
         *     }
         */
        JobBody: {
            /** @description The dataset to which the metrics are appended. */
            adapter_id?: string | null;
            /** @description Gets a signed webhook when the job ends: https, a public address, port 443. */
            callback_url?: string | null;
            /**
             * @description Under what the job runs: up to 16 texts, numbers or booleans by name. Where the device says something else of one name, the device's stands.
             * @example {
             *       "commit": "4f2c1d9",
             *       "threads": 4
             *     }
             */
            conditions?: (({
                [key: string]: string | number | boolean | null;
            } | {
                [key: string]: unknown;
            } | null) | null) | {
                [key: string]: unknown;
            } | null;
            /** @description Pins the job to one device. */
            device_serial?: string | null;
            /** @description So long after it was submitted, or requeued, a job that no device has taken is dead, with code `expired`; null waits for ever. */
            expires_in_s?: number | null;
            /** @default 3 */
            max_attempts?: number;
            model: string;
            options?: components["schemas"]["OptionsBody"];
            /**
             * @description Higher goes first; 5 to 9 take the high lane.
             * @default 0
             */
            priority?: number;
            prompt: string;
            /**
             * @description The pool: `default`, `short` or `long`.
             * @default default
             */
            queue_tag?: string;
            /**
             * @description Measured repetitions.
             * @default 1
             */
            repeat?: number;
            system?: string | null;
            tag?: string | null;
            /**
             * @description For one attempt.
             * @default 600
             */
            timeout_s?: number;
            /**
             * @description Repetitions before the measured ones.
             * @default 0
             */
            warmup?: number;
        };
        /** @description A job with its prompt, its options and its attempts. */
        JobDetailAnswer: {
            adapter_id: string | null;
            attempt: number;
            attempts: components["schemas"]["JobAttempt"][];
            callback_url: string | null;
            conditions: {
                [key: string]: string | number | boolean;
            };
            created_at: string;
            device: string | null;
            device_serial: string | null;
            failure: components["schemas"]["FailureAnswer"] | null;
            finished_at: string | null;
            job_id: string;
            max_attempts: number;
            model: string;
            options: {
                [key: string]: unknown;
            };
            /** @description The device that was asked for, also after the job moved to its pool. */
            pinned_to: string | null;
            priority: number;
            prompt: string;
            prompt_preview: string;
            queue: components["schemas"]["QueuePosition"] | null;
            queue_ms: number | null;
            queue_tag: string;
            repeat: number;
            run_ms: number | null;
            started_at: string | null;
            /** @enum {string} */
            status: "queued" | "running" | "cancelling" | "succeeded" | "cancelled" | "dead";
            /** @description What it waits for, with the devices that may run it and how they are. */
            status_detail: string | null;
            status_reason: string | null;
            system: string | null;
            tag: string | null;
            timeout_s: number;
            warmup: number;
        };
        /** @description What a submit would do. */
        JobPreview: {
            ahead: number;
            queue: string;
            reasons: string[];
            /** @constant */
            would: "queue";
        };
        /** @description The limits of a single call and of an account. */
        Limits: {
            /** @description A request body, after inflation. */
            body_bytes: number;
            /** @description Bytes of rows, over all datasets. */
            bytes: number;
            /** @description Datasets of one account. */
            datasets: number;
            /** @description How long an Idempotency-Key is remembered. */
            idempotency_s: number;
            /** @description Runs imported on one day (UTC). */
            imported_runs_a_day: number;
            /** @description Jobs that may wait in one lane of a device or pool. null: no limit. */
            open_jobs: number | null;
            /** @description Entries in one page of a list. */
            page_entries: number;
            /** @description GET requests a minute; all may come at once. null: no limit. */
            queries_a_minute: number | null;
            /** @description One row, as JSON. */
            row_bytes: number;
            /** @description Rows appended on one day (UTC). */
            rows_a_day: number;
            /** @description Rows in one append. */
            rows_per_append: number;
            /** @description Requests other than GET a minute; all may come at once. null: no limit. */
            writes_a_minute: number | null;
        };
        /** @description Where to PUT the log. The address is a secret; the headers must be sent as they are. */
        LogUploadAnswer: {
            expires_at: string;
            headers: {
                [key: string]: string;
            };
            url: string;
        };
        /** @description A log that is too long to be sent with the result. */
        LogUploadBody: {
            attempt: number;
            /** @description The exact size of the log; at most 50 MB. */
            bytes: number;
        };
        /** @description Who is calling; `created_at` and `expires_at` are the token's. */
        MeAnswer: {
            admin: boolean;
            created_at: string;
            expires_at: string | null;
            limits: components["schemas"]["Limits"];
            /** @enum {string} */
            scope: "full" | "read" | "ingest" | "metrics";
            tenant: string;
            token_id: string;
            user_id: string;
        };
        /**
         * @description One metric, b against a.
         *
         *     `a`, `b`: the means; `delta` = b − a; `delta_pct` of |a|, null where a is 0. `ci95` and
         *     `p_value` are Welch's, null with fewer than 2 values on a side. `extra`: whether `metric` is the
         *     label of an extra. `better` is null where no direction is known to be good; the verdict is then
         *     `unchanged` or `inconclusive`. `more_runs`, with `inconclusive`: how many more runs would
         *     decide.
         */
        MetricComparison: {
            a: number | null;
            b: number | null;
            better: ("higher" | "lower") | null;
            ci95: [
                number,
                number
            ] | null;
            delta: number | null;
            delta_pct: number | null;
            extra: boolean;
            metric: string;
            more_runs: components["schemas"]["MoreRuns"] | null;
            n_a: number;
            n_b: number;
            p_value: number | null;
            unit: string | null;
            /** @enum {string} */
            verdict: "improved" | "regressed" | "unchanged" | "inconclusive";
        };
        /**
         * @description What was measured; null is not measured, and stays so. `tok_s` and `tpot_ms` are derived
         *     where they are absent. Other numbers become the result's `extra`.
         */
        MetricsBody: {
            completion_tokens?: number | null;
            latency_ms?: number | null;
            load_ms?: number | null;
            prefill_tps?: number | null;
            prompt_tokens?: number | null;
            tok_s?: number | null;
            tpot_ms?: number | null;
            ttft_ms?: number | null;
        } & {
            [key: string]: unknown;
        };
        /** @description The window asked for; an open end is the rows' first instant, or just after their last. */
        MetricsWindow: {
            /** @description Always null: points are not bucketed by time. */
            bucket_s: number | null;
            from: string | null;
            partial_last_bucket: boolean;
            to: string | null;
        };
        /** @description How many rows a model has; null counts rows without one. */
        ModelRows: {
            model: string | null;
            rows: number;
        };
        /** @description How many more runs each side needs. */
        MoreRuns: {
            a: number;
            b: number;
        };
        /** @description An issued token. `token` is shown only once and is absent from a replay. */
        NewTokenAnswer: {
            created_at: string;
            /** @description The `token_id` of the token that made it; null where it was made outside of the API or before this was recorded. */
            created_by: string | null;
            expires_at: string | null;
            /** @enum {string} */
            kind: "user" | "api_key";
            last_four: string;
            /** @description Rounded to the hour. */
            last_used_at: string | null;
            name: string | null;
            /** @example read */
            scope: string;
            /** @example eyk_0wAq… */
            token?: string;
            token_id: string;
            user_id: string;
        };
        /**
         * @description A token to issue.
         * @example {
         *       "expires_in_s": 86400,
         *       "kind": "api_key",
         *       "name": "ci"
         *     }
         */
        NewTokenBody: {
            /** @description Without it the token never expires. */
            expires_in_s?: number | null;
            /** @enum {string} */
            kind: "user" | "api_key";
            name?: string | null;
            /** @description What of its user's rights the token has; `full` when omitted. */
            scope?: ("full" | "read" | "ingest" | "metrics") | null;
            /** @description The user who gets the token; another user: for administrators. */
            user_id?: string | null;
        };
        /** @description A new user. `token` is shown only once and is absent from a replay. */
        NewUserAnswer: {
            admin: boolean;
            /** @example lab */
            tenant: string;
            /** @example eyt_0wAq… */
            token?: string;
            /** @example ada */
            user_id: string;
        };
        /**
         * @description A user to create.
         * @example {
         *       "tenant": "lab",
         *       "user_id": "ada"
         *     }
         */
        NewUserBody: {
            /** @default false */
            admin?: boolean;
            /** @description When the first token expires; without it, never. */
            expires_in_s?: number | null;
            /** @description The `user_id` when omitted. */
            tenant?: string | null;
            /** @description Generated when omitted. */
            user_id?: string | null;
        };
        /** @description A chat's answer, or a piece of one: the last is `done`. */
        OllamaChatAnswer: {
            created_at: string;
            done: boolean;
            done_reason?: string;
            eval_count?: number;
            eval_duration?: number;
            load_duration?: number;
            logprobs?: Record<string, never>[];
            message: components["schemas"]["OllamaSaid"];
            model: string;
            prompt_eval_count?: number;
            prompt_eval_duration?: number;
            total_duration?: number;
        };
        /** @description A chat. Without messages the model is made ready, and nothing is said. */
        OllamaChatBody: {
            /** @default null */
            format?: ("" | "json") | Record<string, never> | null;
            /** @default null */
            keep_alive?: string | number | null;
            /** @default null */
            logprobs?: boolean | null;
            /** @default null */
            messages?: components["schemas"]["OllamaMessage"][] | null;
            model: string;
            /** @default null */
            options?: Record<string, never> | null;
            /** @default true */
            stream?: boolean | null;
            /** @default null */
            think?: boolean | ("" | "high" | "low" | "medium") | null;
            /** @default null */
            tools?: Record<string, never>[] | null;
            /** @default null */
            top_logprobs?: number | null;
        };
        /** @description Empty: devices do not say them. */
        OllamaDetails: {
            families: string[] | null;
            family: string;
            format: string;
            parameter_size: string;
            parent_model: string;
            quantization_level: string;
        };
        /** @description An error as Ollama writes it; `code` is stable, and as that of the native paths' problems. */
        OllamaError: {
            code: string;
            error: string;
        };
        /** @description What a model calls; unlike OpenAI's, its arguments are an object. */
        OllamaFunction: {
            /** @default {} */
            arguments?: Record<string, never>;
            name: string;
        };
        /** @description A prompt's answer, or a piece of one: the last is `done`. */
        OllamaGenerateAnswer: {
            created_at: string;
            done: boolean;
            done_reason?: string;
            eval_count?: number;
            eval_duration?: number;
            load_duration?: number;
            logprobs?: Record<string, never>[];
            model: string;
            prompt_eval_count?: number;
            prompt_eval_duration?: number;
            response: string;
            thinking?: string;
            total_duration?: number;
        };
        /** @description A prompt. Without one the model is made ready, and nothing is said. */
        OllamaGenerateBody: {
            /** @default null */
            context?: number[] | null;
            /** @default null */
            format?: ("" | "json") | Record<string, never> | null;
            /** @default null */
            images?: string[] | null;
            /** @default null */
            keep_alive?: string | number | null;
            /** @default null */
            logprobs?: boolean | null;
            model: string;
            /** @default null */
            options?: Record<string, never> | null;
            /** @default  */
            prompt?: string | null;
            /** @default false */
            raw?: boolean | null;
            /** @default true */
            stream?: boolean | null;
            /** @default null */
            suffix?: string | null;
            /** @default null */
            system?: string | null;
            /** @default null */
            template?: string | null;
            /** @default null */
            think?: boolean | ("" | "high" | "low" | "medium") | null;
            /** @default null */
            top_logprobs?: number | null;
        };
        /** @description One message of a chat; `images` are base64. */
        OllamaMessage: {
            /** @default  */
            content?: string | null;
            /** @default null */
            images?: string[] | null;
            role: string;
            /** @default null */
            thinking?: string | null;
            /** @default null */
            tool_call_id?: string | null;
            /** @default null */
            tool_calls?: components["schemas"]["OllamaToolCall"][] | null;
            /** @default null */
            tool_name?: string | null;
        };
        /**
         * @description A model that can be called now. `modified_at` and `size` are as Ollama writes what it does
         *     not know, `digest` is that of the name.
         */
        OllamaModel: {
            details: components["schemas"]["OllamaDetails"];
            digest: string;
            model: string;
            modified_at: string;
            name: string;
            size: number;
        };
        /** @description What a model says; its thoughts where its server keeps them apart. */
        OllamaSaid: {
            content: string;
            role: string;
            thinking?: string;
            tool_calls?: components["schemas"]["OllamaToolCall"][];
        };
        /** @description The models that can be called now. */
        OllamaTags: {
            models: components["schemas"]["OllamaModel"][];
        };
        /** @description A call of a tool; older clients know no ids. */
        OllamaToolCall: {
            function: components["schemas"]["OllamaFunction"];
            /** @default null */
            id?: string | null;
        };
        /** @description The version of Ollama whose API is spoken. */
        OllamaVersion: {
            version: string;
        };
        /** @description An error as OpenAI's API writes it. */
        OpenAiError: {
            error: components["schemas"]["OpenAiFault"];
        };
        /**
         * @description What went wrong; `code` is stable, and as that of the native paths' problems. `allowed` is
         *     there where something else would do, as the models that are served.
         */
        OpenAiFault: {
            allowed?: string[];
            code: string;
            message: string;
            param: string | null;
            type: string;
        };
        /**
         * @description How to generate. Members that are not listed here are passed through to the backend.
         *
         *     Together at most 128 KB as JSON and 64 levels deep.
         */
        OptionsBody: {
            /** @description The most tokens to generate. */
            num_predict?: number | null;
            seed?: number | null;
            stop?: string | string[] | null;
            temperature?: number | null;
            top_k?: number | null;
            top_p?: number | null;
        } & {
            [key: string]: unknown;
        };
        Page_AuditLine_: {
            data: components["schemas"]["AuditLine"][];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        Page_BaselineAnswer_: {
            data: components["schemas"]["BaselineAnswer"][];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        Page_CallbackAnswer_: {
            data: components["schemas"]["CallbackAnswer"][];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        Page_DatasetEntry_: {
            data: components["schemas"]["DatasetEntry"][];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        Page_DeviceAnswer_: {
            data: components["schemas"]["DeviceAnswer"][];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        Page_JobAnswer_: {
            data: components["schemas"]["JobAnswer"][];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        Page_TokenEntry_: {
            data: components["schemas"]["TokenEntry"][];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        Page_Union_DeadJobAnswer__FailureGroupAnswer__DeviceGroupAnswer__: {
            data: (components["schemas"]["DeadJobAnswer"] | components["schemas"]["FailureGroupAnswer"] | components["schemas"]["DeviceGroupAnswer"])[];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        Page_UserEntry_: {
            data: components["schemas"]["UserEntry"][];
            /** @default false */
            has_more: boolean;
            next_cursor: string | null;
        };
        /**
         * @description In ms; null is not known and counts as 0. `queue`, `load`, `prefill` and `decode` are the
         *     device's, the others the gateway's; `network` is what the gateway's time from asking to the last
         *     word has more than the device's.
         */
        Phases: {
            decode_ms: number | null;
            finish_ms: number;
            gateway_ms: number;
            load_ms: number | null;
            network_ms: number;
            prefill_ms: number | null;
            queue_ms: number | null;
            total_ms: number;
        };
        /** @description The service is alive. */
        PingAnswer: {
            /** @default true */
            ok?: boolean;
        };
        /**
         * @description Where to send the ping.
         * @example {
         *       "url": "https://example.com/hooks/job-finished"
         *     }
         */
        PingBody: {
            /** @description As a job's `callback_url`. */
            url: string;
        };
        /** @description An RFC 9457 problem document; clients branch on `code`. Some codes bring further members. */
        Problem: {
            allowed?: string[];
            code: string;
            detail: string;
            errors?: components["schemas"]["ProblemFault"][];
            request_id?: string;
            status: number;
            title: string;
            type: string;
        } & {
            [key: string]: unknown;
        };
        /** @description One thing wrong with one place of the input. */
        ProblemFault: {
            allowed?: string[];
            code: string;
            detail: string;
            line?: number;
            pointer: string;
        };
        /** @description The place in the queue. */
        QueuePosition: {
            /** @description About how many jobs are served before this one. */
            ahead: number;
        };
        /** @description The runs that the stored rows gave; `span` is null for none. */
        RecordedUsage: {
            errors: components["schemas"]["ProblemFault"][];
            recorded: number;
            skipped: number;
            span: components["schemas"]["Span"] | null;
        };
        /** @description A callback that is delivered again. */
        RedeliveryAnswer: {
            job_id: string;
            /** @example job.succeeded */
            type: string;
            webhook_id: string;
        };
        /** @description Other runs to compare with, and by what series are kept apart. */
        ReferenceBody: {
            /** @description device and model if omitted. */
            by?: string[] | null;
            /**
             * @description Any of device, model, tag, tenant, ok, dataset, source_kind and cond.<name>, each with the values any of which fits.
             * @example {
             *       "cond.commit": [
             *         "4f2c1d9"
             *       ]
             *     }
             */
            filters?: {
                [key: string]: (string | boolean | number)[] | string | boolean | number;
            };
            window?: components["schemas"]["WindowBody"] | null;
        };
        /** @description A device. Registered again, it keeps the members that are left out. */
        RegisterBody: {
            /**
             * @example phone
             * @example server
             */
            kind?: string | null;
            /** @description All names together: at most 32 KB. */
            models?: string[] | null;
            name?: string | null;
            /** @description Only this user's jobs run on it. */
            owner?: string | null;
            queue_tags?: string[] | null;
            /** @example 0000asd */
            serial: string;
        };
        /** @description A registered device; its token is shown once. */
        RegisteredAnswer: {
            /** @description What runs the models, as the runner names it. */
            backend: string | null;
            battery: number | null;
            /** @description Calls of the LLM gateway, anybody's, that it answers, in its last report. */
            calls_running: number;
            charging: boolean | null;
            device_token?: string | null;
            /** @description The job that it runs, if it is yours. */
            job_id: string | null;
            kind: string | null;
            last_seen_at: string | null;
            models: string[];
            name: string | null;
            /** @description Why the device takes no job, if it gave a reason. */
            not_ready_reason: string | null;
            owner: string | null;
            present: boolean;
            queue_tags: string[];
            ready: boolean;
            runner_version: string | null;
            serial: string;
            /** @enum {string} */
            state: "available" | "busy" | "offline" | "hot" | "low_battery" | "maintenance" | "unhealthy";
            /** @description Whether it is connected for calls of the LLM gateway. */
            takes_calls: boolean;
            temperature_c: number | null;
            thermal_state: string | number | null;
            /** @description After three different jobs that failed there in a row: it is given no job until it has tried itself with one token, first after 60 s, or an administrator says that it is `healthy`. */
            unhealthy: components["schemas"]["UnhealthyAnswer"] | null;
            /** @description Whether it runs a job or answers a call. */
            using: boolean;
        };
        /** @description Which device (default: all), and whether it is taken out of service. */
        ReloadBody: {
            maintenance?: boolean | null;
            serial?: string | null;
        };
        /** @description What to change for the new attempts; each member is optional. */
        RequeueBody: {
            device_serial?: string | null;
            max_attempts?: number | null;
            options?: components["schemas"]["OptionsBody"] | null;
            queue_tag?: string | null;
        };
        /** @description A result; the members after `finished_at` come with `full=1`. */
        ResultAnswer: {
            conditions: {
                [key: string]: string | number | boolean;
            };
            device: string | null;
            extra: {
                [key: string]: number;
            };
            finished_at: string | null;
            /** @description What to know before comparing it. `cached`: the server took prompts of repetitions from its cache; `cache_unknown`: later repetitions were far faster to the first token and the server does not say why (metrics rest on those that were not cached, where there are any). `buffered`: the answer arrived faster than it was made. `interrupted`: the device stood still meanwhile. `truncated`: the server cut the prompt. `thinking_cut`: the length was used up before anything visible. `hot_start`: the device began hotter than its gate. */
            flags?: ("cached" | "cache_unknown" | "buffered" | "interrupted" | "truncated" | "thinking_cut" | "hot_start")[];
            job_id: string;
            /** @description Null if it is too long; see `log_url`. */
            log?: string | null;
            log_bytes?: number | null;
            /** @description The address of a long log, valid for an hour. */
            log_url?: string | null;
            metrics: components["schemas"]["ResultMetrics"];
            model: string;
            options?: {
                [key: string]: unknown;
            };
            output: string;
            prompt?: string;
            provenance?: {
                [key: string]: unknown;
            } | null;
            samples?: {
                [key: string]: unknown;
            }[];
            /** @enum {string} */
            status: "queued" | "running" | "cancelling" | "succeeded" | "cancelled" | "dead";
            system?: string | null;
            telemetry?: {
                [key: string]: unknown;
            } | null;
        };
        /** @description What was measured; null is not measured. */
        ResultMetrics: {
            completion_tokens: number | null;
            /** @description From sending the request to the last token. */
            latency_ms: number | null;
            /** @description Loading the model. */
            load_ms: number | null;
            /** @description Evaluated prompt tokens per second. */
            prefill_tps: number | null;
            prompt_tokens: number | null;
            /** @description Decode speed: second and later tokens per second. */
            tok_s: number | null;
            /** @description Time per output token after the first. */
            tpot_ms: number | null;
            /** @description From sending the request to the first token that is not empty. */
            ttft_ms: number | null;
        };
        /** @description The new secret; the previous one also signs until `previous_valid_until`. */
        RotatedSecretAnswer: {
            previous_valid_until: string;
            /** @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD */
            secret?: string;
        };
        /** @description A page of rows in append order. */
        RowsAnswer: {
            data: {
                [key: string]: unknown;
            }[];
            dataset: string;
            has_more: boolean;
            next_cursor: string | null;
        };
        /** @description What may not get worse: a metric or the label of an extra, and how far. */
        RuleBody: {
            extra?: string | null;
            /** @description Above which mean the candidate fails, whatever the baseline is. */
            max?: number | null;
            /** @description How much worse, in percent of the baseline's mean. */
            max_regression_pct?: number | null;
            metric?: ("latency_ms" | "ttft_ms" | "tok_s" | "error_rate") | null;
        };
        /** @description One run; `ts` is epoch seconds. */
        RunAnswer: {
            /** @description Tokens that were generated. */
            completion_tokens: number | null;
            /** @description Under what it ran: up to 16 texts, numbers or booleans by name. */
            conditions: {
                [key: string]: string | number | boolean;
            };
            /** @description The dataset that it belongs to. */
            dataset: string | null;
            /** @description The device that it ran on. */
            device: string | null;
            /** @description Further numbers by label. */
            extra: {
                [key: string]: number;
            };
            /** @description The job that made the run. */
            job_id: string | null;
            /** @description From the request to the last token, ms. */
            latency_ms: number | null;
            /** @description The model. */
            model: string | null;
            /** @description Whether it succeeded. */
            ok: boolean;
            /** @description The beginning of the prompt. */
            prompt_preview: string | null;
            /** @description Tokens of the prompt. */
            prompt_tokens: number | null;
            /** @description Its id. */
            run_id: string;
            /** @description Where it comes from: dataset, job, gateway, import, or a word of yours. */
            source_kind: string;
            /** @description Any label. */
            tag: string | null;
            /** @description Whom it is counted for. */
            tenant: string | null;
            /** @description Decode speed, tokens a second. */
            tok_s: number | null;
            /** @description When it happened. */
            ts: number;
            /** @description From the request to the first token, ms. */
            ttft_ms: number | null;
        };
        /** @description A saved adapter; `backfill` is present only when one was requested. */
        SavedAdapter: {
            backfill?: components["schemas"]["BackfillAnswer"];
            /** @default completion_tokens */
            completion_tokens_field: string;
            /** @description Fields that hold conditions of the run; those of the row's member `conditions` are read without a word. */
            condition_fields?: components["schemas"]["ConditionFieldBody"][];
            dataset: string;
            /** @default device */
            device_field: string;
            /** @default true */
            enabled: boolean;
            extra_fields: components["schemas"]["ExtraField"][];
            job_id_field: string | null;
            /** @default latency_ms */
            latency_ms_field: string;
            /** @default model */
            model_field: string;
            ok_field: string | null;
            /** @description The texts of `ok_field` that mean ok, exactly as they are; all others then mean not. Without it: true and false, 0 and 1, and, in any case, `true`, `false`, `ok`, `error`, `success`, `failure`, `succeeded`, `failed`. */
            ok_values: string[] | null;
            prompt_preview_field: string | null;
            /** @default prompt_tokens */
            prompt_tokens_field: string;
            tag_field: string | null;
            tok_s_field: string | null;
            /** @default ttft_ms */
            ttft_ms_field: string;
            units: components["schemas"]["UnitsBody"];
            updated_at: string;
            version: number;
            /** @default ts */
            x_field: string;
        };
        /** @description One number field over time. Booleans count as 1 and 0. */
        SeriesAnswer: {
            better: ("higher" | "lower") | null;
            /** @description Whether there are fewer points than values. */
            downsampled: boolean;
            /** @description False for the standard metrics. */
            extra: boolean;
            /** @example latency_ms */
            field: string;
            /** @description With `split`: the series by that label, most rows first. */
            groups?: components["schemas"]["SeriesGroupAnswer"][];
            /** @enum {string} */
            kind: "number" | "boolean";
            /** @example Latency (ms) */
            label: string;
            /**
             * @description Instant and value, in order of time.
             * @example [
             *       [
             *         "2025-12-03T18:00:00.000Z",
             *         900
             *       ],
             *       [
             *         "2025-12-03T18:05:00.000Z",
             *         950
             *       ]
             *     ]
             */
            points: [
                string,
                number
            ][];
            summary: components["schemas"]["SeriesSummary"];
            unit: string | null;
        };
        /** @description The points of a series that are of one device or model, or of all `others`. */
        SeriesGroupAnswer: {
            downsampled: boolean;
            /** @description Null for rows without the label, and for `others`. */
            key: string | null;
            /** @description How many values it has. */
            n: number;
            others: boolean;
            /** @description Instant and value, in order of time. */
            points: [
                string,
                number
            ][];
        };
        /** @description The stats of one bucket of one group; `t` is when the bucket begins. */
        SeriesPoint: {
            completion_tokens: number;
            error_rate: number | null;
            errors: number;
            extra: {
                [key: string]: components["schemas"]["Distribution"];
            };
            /** @description With `others`: how many groups these are. */
            groups?: number;
            key: {
                [key: string]: string | number | boolean | null;
            };
            latency_ms: components["schemas"]["Distribution"];
            ok: number;
            /** @description True with `top`, where this is all other groups together; its `key` is empty. */
            others?: boolean;
            prompt_tokens: number;
            runs: number;
            t: string;
            throughput_tps: number | null;
            tok_s: components["schemas"]["Distribution"];
            total_tokens: number;
            ttft_ms: components["schemas"]["Distribution"];
        };
        /** @description Over all rows, also those without a point. Over no rows: `n` is 0, the others are null. */
        SeriesSummary: {
            /** @description The value at the latest instant. */
            last: number | null;
            max: number | null;
            mean: number | null;
            min: number | null;
            n: number;
            /** @description Percentiles interpolate linearly. */
            p50: number | null;
            p90: number | null;
            p95: number | null;
            p99: number | null;
            /** @description Of the population. */
            std: number | null;
        };
        /** @description How to reach the device's queues, in the order in which to receive from them. */
        SessionAnswer: {
            /** @description Null where the deployment has no broker: the device takes no calls. */
            channel: components["schemas"]["ChannelAnswer"] | null;
            credentials: components["schemas"]["CredentialsAnswer"];
            /** @description Null on AWS itself. */
            endpoint_url: string | null;
            heartbeat_s: number;
            queues: components["schemas"]["DeviceQueue"][];
            region: string;
            visibility_s: number;
        };
        /** @description Which process asks. */
        SessionBody: {
            instance?: string | null;
        };
        /** @description One side: its window, its filters, its stats. */
        SideAnswer: {
            completion_tokens: number;
            error_rate: number | null;
            errors: number;
            exact: boolean;
            extra: {
                [key: string]: components["schemas"]["Distribution"];
            };
            extra_labels?: components["schemas"]["ExtraLabels"];
            filters: {
                [key: string]: unknown;
            };
            latency_ms: components["schemas"]["Distribution"];
            ok: number;
            prompt_tokens: number;
            runs: number;
            throughput_tps: number | null;
            tok_s: components["schemas"]["Distribution"];
            total_tokens: number;
            ttft_ms: components["schemas"]["Distribution"];
            window: components["schemas"]["WindowAnswer"];
        };
        /** @description Some runs: filters, and a window (the last 24 hours when omitted). */
        SideBody: {
            /**
             * @description Any of device, model, tag, tenant, ok, dataset, source_kind and cond.<name>, each with the values any of which fits.
             * @example {
             *       "cond.commit": [
             *         "4f2c1d9"
             *       ]
             *     }
             */
            filters?: {
                [key: string]: (string | boolean | number)[] | string | boolean | number;
            };
            window?: components["schemas"]["WindowBody"] | null;
        };
        /** @description The earliest and the latest time of runs. */
        Span: {
            from: string;
            to: string;
        };
        /** @description Distributions and `throughput_tps` are over runs with `ok`, tokens and `extra` over all. */
        Stats: {
            completion_tokens: number;
            error_rate: number | null;
            errors: number;
            extra: {
                [key: string]: components["schemas"]["Distribution"];
            };
            latency_ms: components["schemas"]["Distribution"];
            ok: number;
            prompt_tokens: number;
            runs: number;
            throughput_tps: number | null;
            tok_s: components["schemas"]["Distribution"];
            total_tokens: number;
            ttft_ms: components["schemas"]["Distribution"];
        };
        /** @description Presence: whether the device can take a job, and what it serves. */
        StatusBody: {
            /**
             * @example gguf
             * @example ollama
             */
            backend?: string | null;
            /** @description Percent. */
            battery?: number | null;
            /** @description Whether it is connected for calls of the LLM gateway. */
            calls?: boolean | null;
            /** @description How many of them it answers. */
            calls_running?: number | null;
            charging?: boolean | null;
            cpu_pct?: number | null;
            gpu_memory_used_bytes?: number | null;
            gpu_pct?: number | null;
            gpu_power_w?: number | null;
            gpu_temperature_c?: number | null;
            instance?: string | null;
            job_id?: string | null;
            /**
             * @description The process ends: another one may open a session at once.
             * @default false
             */
            leaving?: boolean;
            memory_pct?: number | null;
            memory_used_bytes?: number | null;
            /** @description All names together: at most 32 KB. */
            models?: string[] | null;
            /** @description `hot` and `low_battery` become the device's state. */
            not_ready_reason?: string | null;
            ready: boolean;
            runner_version?: string | null;
            temperature_c?: number | null;
            thermal_state?: string | number | null;
            /** @description How it went when the device, unhealthy, tried itself: passed, it is healthy. */
            tried?: ("passed" | "failed") | null;
            /** @description The last troubles, oldest first; left out where there are no new ones. */
            troubles?: components["schemas"]["TroubleBody"][] | null;
            using?: boolean | null;
        };
        /** @description Where a result is that does not fit an answer. */
        StoredResult: {
            bytes: number;
            url: string;
        };
        /** @description What else a stream brings. */
        StreamOptions: {
            /** @default false */
            include_usage?: boolean;
        };
        /** @description The stats of a window, and of the window before. */
        SummaryAnswer: {
            completion_tokens: number;
            devices: number;
            error_rate: number | null;
            errors: number;
            exact: boolean;
            extra: {
                [key: string]: components["schemas"]["Distribution"];
            };
            extra_labels?: components["schemas"]["ExtraLabels"];
            filters: {
                [key: string]: unknown;
            };
            latency_ms: components["schemas"]["Distribution"];
            models: number;
            ok: number;
            previous: components["schemas"]["Stats"];
            prompt_tokens: number;
            runs: number;
            throughput_tps: number | null;
            tok_s: components["schemas"]["Distribution"];
            total_tokens: number;
            ttft_ms: components["schemas"]["Distribution"];
            window: components["schemas"]["WindowAnswer"];
        };
        /** @description What a device measured of itself at one moment. */
        TelemetryAnswer: {
            at: string;
            battery: number | null;
            charging: boolean | null;
            cpu_pct: number | null;
            gpu_memory_used_bytes: number | null;
            gpu_pct: number | null;
            gpu_power_w: number | null;
            gpu_temperature_c: number | null;
            memory_pct: number | null;
            memory_used_bytes: number | null;
            temperature_c: number | null;
            thermal_state: string | number | null;
        };
        /** @description What a device measured of itself; null is unknown. */
        TelemetryBody: {
            /** @description Percent. */
            battery?: number | null;
            charging?: boolean | null;
            cpu_pct?: number | null;
            gpu_memory_used_bytes?: number | null;
            gpu_pct?: number | null;
            gpu_power_w?: number | null;
            gpu_temperature_c?: number | null;
            memory_pct?: number | null;
            memory_used_bytes?: number | null;
            temperature_c?: number | null;
            thermal_state?: string | number | null;
        };
        /** @description The device's new token, shown once. */
        TokenAnswer: {
            device_token?: string | null;
        };
        /** @description How long the token before stays valid. */
        TokenBody: {
            /**
             * @description For so many seconds the token before is valid, too.
             * @default 3600
             */
            overlap_s?: number;
        };
        /** @description A token without its secret. */
        TokenEntry: {
            created_at: string;
            /** @description The `token_id` of the token that made it; null where it was made outside of the API or before this was recorded. */
            created_by: string | null;
            expires_at: string | null;
            /** @enum {string} */
            kind: "user" | "api_key";
            last_four: string;
            /** @description Rounded to the hour. */
            last_used_at: string | null;
            name: string | null;
            /** @example read */
            scope: string;
            token_id: string;
            user_id: string;
        };
        /** @description Something that went wrong on the device, in its own words. */
        TroubleAnswer: {
            at: string;
            code: string;
            detail: string;
        };
        /** @description Something that went wrong on the device. */
        TroubleBody: {
            /** @description So long ago it was. */
            age_s: number;
            code: string;
            /** @default  */
            detail?: string;
        };
        /** @description The fixed answer to a missing, unknown, revoked or expired credential. */
        Unauthorized: {
            message: string;
        };
        /** @description What this call removed. */
        UndoAnswer: {
            already_undone: boolean;
            removed_rows: number;
            removed_runs: number;
        };
        /** @description The append or import to undo. */
        UndoBody: {
            /** @example bat_01KBJ8S2X0ZZZZZZZZZZZZZZZZ */
            batch_id: string;
        };
        /** @description Several different jobs failed on the device, one after the other. */
        UnhealthyAnswer: {
            /** @description As what the last of them failed. */
            code: string;
            since: string;
        };
        /** @description In which unit a standard time field comes; ms where it is not said. */
        UnitsBody: {
            latency_ms?: ("ns" | "us" | "ms" | "s" | "min") | null;
            ttft_ms?: ("ns" | "us" | "ms" | "s" | "min") | null;
        };
        /** @description Totals, a series, a breakdown whose runs add up to the total, and the newest runs. */
        UsageAnswer: {
            breakdown: components["schemas"]["BreakdownEntry"][];
            exact: boolean;
            extra_labels?: components["schemas"]["ExtraLabels"];
            filters: {
                [key: string]: unknown;
            };
            group_by: string[];
            runs: components["schemas"]["RunAnswer"][];
            series: components["schemas"]["SeriesPoint"][];
            total: components["schemas"]["Stats"];
            window: components["schemas"]["WindowAnswer"];
        };
        /** @description A user in the list. */
        UserEntry: {
            admin: boolean;
            /** @example 2026-01-01T00:00:00.000Z */
            created_at: string;
            tenant: string;
            user_id: string;
        };
        /** @description Whether a device has answered one token; `load_ms` where its server says that it loaded. */
        WarmDevice: {
            detail: string | null;
            load_ms: number | null;
            ready: boolean;
            serial: string;
        };
        /** @description How the devices are. */
        WarmupAnswer: {
            devices: components["schemas"]["WarmDevice"][];
        };
        /** @description A model to be made ready; without devices on all that serve it. */
        WarmupBody: {
            /** @default null */
            device?: string | null;
            /** @default null */
            devices?: string[] | null;
            model: string;
        };
        /** @description The outcome of a ping. Of the receiver's answer it shows the status only. */
        WebhookPingAnswer: {
            /** @description From resolving the name to the end of the answer. */
            duration_ms: number;
            /**
             * @description `not_2xx`, `gone`, `timeout`, `connection_failed`, `tls_failed` or `host_unknown`.
             * @example null
             */
            error: string | null;
            /** @description Whether the answer was 2xx. */
            ok: boolean;
            /**
             * @description Null when there was no answer.
             * @example 200
             */
            status_code: number | null;
            /** @example evt_01KBJ8S2X0ZZZZZZZZZZZZZZZZ */
            webhook_id: string;
        };
        /** @description The secret with which callbacks are signed. */
        WebhookSecretAnswer: {
            /** @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD */
            secret: string;
        };
        /** @description The window that was answered, half-open. */
        WindowAnswer: {
            bucket_s: number | null;
            from: string;
            partial_last_bucket: boolean;
            to: string;
        };
        /** @description `last_s`, or `from` and `to` (half-open; without `to`: now). */
        WindowBody: {
            from?: string | number | null;
            last_s?: number | null;
            to?: string | number | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description Seconds after which the call may be repeated. */
        "Retry-After": number;
        /** @description Identifies this call in the service's logs. */
        "X-Request-Id": string;
    };
    pathItems: never;
}
export type AccountStatusAnswer = components['schemas']['AccountStatusAnswer'];
export type AdapterBody = components['schemas']['AdapterBody'];
export type AdapterPreview = components['schemas']['AdapterPreview'];
export type AdapterState = components['schemas']['AdapterState'];
export type AppendAnswer = components['schemas']['AppendAnswer'];
export type AskAnswer = components['schemas']['AskAnswer'];
export type AskBatchAnswer = components['schemas']['AskBatchAnswer'];
export type AskBatchBody = components['schemas']['AskBatchBody'];
export type AskBatchResult = components['schemas']['AskBatchResult'];
export type AskBody = components['schemas']['AskBody'];
export type AskCancelled = components['schemas']['AskCancelled'];
export type AskEnd = components['schemas']['AskEnd'];
export type AskMetrics = components['schemas']['AskMetrics'];
export type AskOptions = components['schemas']['AskOptions'];
export type AskSpan = components['schemas']['AskSpan'];
export type AskTrace = components['schemas']['AskTrace'];
export type AskUsage = components['schemas']['AskUsage'];
export type AssumedAnswer = components['schemas']['AssumedAnswer'];
export type AttemptEnd = components['schemas']['AttemptEnd'];
export type AuditLine = components['schemas']['AuditLine'];
export type BackfillAnswer = components['schemas']['BackfillAnswer'];
export type BaselineAnswer = components['schemas']['BaselineAnswer'];
export type BaselineBody = components['schemas']['BaselineBody'];
export type BaselineDetailAnswer = components['schemas']['BaselineDetailAnswer'];
export type BaselineVersionAnswer = components['schemas']['BaselineVersionAnswer'];
export type BaselineWindow = components['schemas']['BaselineWindow'];
export type BatchAnswer = components['schemas']['BatchAnswer'];
export type BatchBody = components['schemas']['BatchBody'];
export type BreakdownEntry = components['schemas']['BreakdownEntry'];
export type CallableModel = components['schemas']['CallableModel'];
export type CallableModels = components['schemas']['CallableModels'];
export type CallbackAnswer = components['schemas']['CallbackAnswer'];
export type ChangeAnswer = components['schemas']['ChangeAnswer'];
export type ChangeBody = components['schemas']['ChangeBody'];
export type ChangedCondition = components['schemas']['ChangedCondition'];
export type ChangedDevice = components['schemas']['ChangedDevice'];
export type ChangesAnswer = components['schemas']['ChangesAnswer'];
export type ChangeSide = components['schemas']['ChangeSide'];
export type ChangesWindow = components['schemas']['ChangesWindow'];
export type ChannelAnswer = components['schemas']['ChannelAnswer'];
export type ChatAnswer = components['schemas']['ChatAnswer'];
export type ChatBody = components['schemas']['ChatBody'];
export type Checks = components['schemas']['Checks'];
export type ClaimAnswer = components['schemas']['ClaimAnswer'];
export type CompareAnswer = components['schemas']['CompareAnswer'];
export type CompleteBody = components['schemas']['CompleteBody'];
export type CompletedAttempt = components['schemas']['CompletedAttempt'];
export type CompletionAnswer = components['schemas']['CompletionAnswer'];
export type CompletionBody = components['schemas']['CompletionBody'];
export type ConditionDifference = components['schemas']['ConditionDifference'];
export type ConditionFieldBody = components['schemas']['ConditionFieldBody'];
export type CredentialsAnswer = components['schemas']['CredentialsAnswer'];
export type DatasetEntry = components['schemas']['DatasetEntry'];
export type DatasetMetrics = components['schemas']['DatasetMetrics'];
export type DeadJobAnswer = components['schemas']['DeadJobAnswer'];
export type DefinitionAnswer = components['schemas']['DefinitionAnswer'];
export type DefinitionsAnswer = components['schemas']['DefinitionsAnswer'];
export type DeviceAnswer = components['schemas']['DeviceAnswer'];
export type DeviceDetailAnswer = components['schemas']['DeviceDetailAnswer'];
export type DeviceGroupAnswer = components['schemas']['DeviceGroupAnswer'];
export type DeviceQueue = components['schemas']['DeviceQueue'];
export type DeviceRows = components['schemas']['DeviceRows'];
export type Distribution = components['schemas']['Distribution'];
export type ExportedFile = components['schemas']['ExportedFile'];
export type ExtraField = components['schemas']['ExtraField'];
export type ExtraFieldBody = components['schemas']['ExtraFieldBody'];
export type ExtraLabels = components['schemas']['ExtraLabels'];
export type FailBody = components['schemas']['FailBody'];
export type FailureAnswer = components['schemas']['FailureAnswer'];
export type FailureGroupAnswer = components['schemas']['FailureGroupAnswer'];
export type FormatField = components['schemas']['FormatField'];
export type FormatsAnswer = components['schemas']['FormatsAnswer'];
export type GateAnswer = components['schemas']['GateAnswer'];
export type GateBaseline = components['schemas']['GateBaseline'];
export type GateBody = components['schemas']['GateBody'];
export type GateSeries = components['schemas']['GateSeries'];
export type HealthAnswer = components['schemas']['HealthAnswer'];
export type HeartbeatAnswer = components['schemas']['HeartbeatAnswer'];
export type HeartbeatBody = components['schemas']['HeartbeatBody'];
export type ImportAnswer = components['schemas']['ImportAnswer'];
export type ImportFormat = components['schemas']['ImportFormat'];
export type JobAnswer = components['schemas']['JobAnswer'];
export type JobAttempt = components['schemas']['JobAttempt'];
export type JobBody = components['schemas']['JobBody'];
export type JobDetailAnswer = components['schemas']['JobDetailAnswer'];
export type JobPreview = components['schemas']['JobPreview'];
export type Limits = components['schemas']['Limits'];
export type LogUploadAnswer = components['schemas']['LogUploadAnswer'];
export type LogUploadBody = components['schemas']['LogUploadBody'];
export type MeAnswer = components['schemas']['MeAnswer'];
export type MetricComparison = components['schemas']['MetricComparison'];
export type MetricsBody = components['schemas']['MetricsBody'];
export type MetricsWindow = components['schemas']['MetricsWindow'];
export type ModelRows = components['schemas']['ModelRows'];
export type MoreRuns = components['schemas']['MoreRuns'];
export type NewTokenAnswer = components['schemas']['NewTokenAnswer'];
export type NewTokenBody = components['schemas']['NewTokenBody'];
export type NewUserAnswer = components['schemas']['NewUserAnswer'];
export type NewUserBody = components['schemas']['NewUserBody'];
export type OllamaChatAnswer = components['schemas']['OllamaChatAnswer'];
export type OllamaChatBody = components['schemas']['OllamaChatBody'];
export type OllamaDetails = components['schemas']['OllamaDetails'];
export type OllamaError = components['schemas']['OllamaError'];
export type OllamaFunction = components['schemas']['OllamaFunction'];
export type OllamaGenerateAnswer = components['schemas']['OllamaGenerateAnswer'];
export type OllamaGenerateBody = components['schemas']['OllamaGenerateBody'];
export type OllamaMessage = components['schemas']['OllamaMessage'];
export type OllamaModel = components['schemas']['OllamaModel'];
export type OllamaSaid = components['schemas']['OllamaSaid'];
export type OllamaTags = components['schemas']['OllamaTags'];
export type OllamaToolCall = components['schemas']['OllamaToolCall'];
export type OllamaVersion = components['schemas']['OllamaVersion'];
export type OpenAiError = components['schemas']['OpenAiError'];
export type OpenAiFault = components['schemas']['OpenAiFault'];
export type OptionsBody = components['schemas']['OptionsBody'];
export type PageAuditLine = components['schemas']['Page_AuditLine_'];
export type PageBaselineAnswer = components['schemas']['Page_BaselineAnswer_'];
export type PageCallbackAnswer = components['schemas']['Page_CallbackAnswer_'];
export type PageDatasetEntry = components['schemas']['Page_DatasetEntry_'];
export type PageDeviceAnswer = components['schemas']['Page_DeviceAnswer_'];
export type PageJobAnswer = components['schemas']['Page_JobAnswer_'];
export type PageTokenEntry = components['schemas']['Page_TokenEntry_'];
export type PageUnionDeadJobAnswerFailureGroupAnswerDeviceGroupAnswer = components['schemas']['Page_Union_DeadJobAnswer__FailureGroupAnswer__DeviceGroupAnswer__'];
export type PageUserEntry = components['schemas']['Page_UserEntry_'];
export type Phases = components['schemas']['Phases'];
export type PingAnswer = components['schemas']['PingAnswer'];
export type PingBody = components['schemas']['PingBody'];
export type Problem = components['schemas']['Problem'];
export type ProblemFault = components['schemas']['ProblemFault'];
export type QueuePosition = components['schemas']['QueuePosition'];
export type RecordedUsage = components['schemas']['RecordedUsage'];
export type RedeliveryAnswer = components['schemas']['RedeliveryAnswer'];
export type ReferenceBody = components['schemas']['ReferenceBody'];
export type RegisterBody = components['schemas']['RegisterBody'];
export type RegisteredAnswer = components['schemas']['RegisteredAnswer'];
export type ReloadBody = components['schemas']['ReloadBody'];
export type RequeueBody = components['schemas']['RequeueBody'];
export type ResultAnswer = components['schemas']['ResultAnswer'];
export type ResultMetrics = components['schemas']['ResultMetrics'];
export type RotatedSecretAnswer = components['schemas']['RotatedSecretAnswer'];
export type RowsAnswer = components['schemas']['RowsAnswer'];
export type RuleBody = components['schemas']['RuleBody'];
export type RunAnswer = components['schemas']['RunAnswer'];
export type SavedAdapter = components['schemas']['SavedAdapter'];
export type SeriesAnswer = components['schemas']['SeriesAnswer'];
export type SeriesGroupAnswer = components['schemas']['SeriesGroupAnswer'];
export type SeriesPoint = components['schemas']['SeriesPoint'];
export type SeriesSummary = components['schemas']['SeriesSummary'];
export type SessionAnswer = components['schemas']['SessionAnswer'];
export type SessionBody = components['schemas']['SessionBody'];
export type SideAnswer = components['schemas']['SideAnswer'];
export type SideBody = components['schemas']['SideBody'];
export type Span = components['schemas']['Span'];
export type Stats = components['schemas']['Stats'];
export type StatusBody = components['schemas']['StatusBody'];
export type StoredResult = components['schemas']['StoredResult'];
export type StreamOptions = components['schemas']['StreamOptions'];
export type SummaryAnswer = components['schemas']['SummaryAnswer'];
export type TelemetryAnswer = components['schemas']['TelemetryAnswer'];
export type TelemetryBody = components['schemas']['TelemetryBody'];
export type TokenAnswer = components['schemas']['TokenAnswer'];
export type TokenBody = components['schemas']['TokenBody'];
export type TokenEntry = components['schemas']['TokenEntry'];
export type TroubleAnswer = components['schemas']['TroubleAnswer'];
export type TroubleBody = components['schemas']['TroubleBody'];
export type Unauthorized = components['schemas']['Unauthorized'];
export type UndoAnswer = components['schemas']['UndoAnswer'];
export type UndoBody = components['schemas']['UndoBody'];
export type UnhealthyAnswer = components['schemas']['UnhealthyAnswer'];
export type UnitsBody = components['schemas']['UnitsBody'];
export type UsageAnswer = components['schemas']['UsageAnswer'];
export type UserEntry = components['schemas']['UserEntry'];
export type WarmDevice = components['schemas']['WarmDevice'];
export type WarmupAnswer = components['schemas']['WarmupAnswer'];
export type WarmupBody = components['schemas']['WarmupBody'];
export type WebhookPingAnswer = components['schemas']['WebhookPingAnswer'];
export type WebhookSecretAnswer = components['schemas']['WebhookSecretAnswer'];
export type WindowAnswer = components['schemas']['WindowAnswer'];
export type WindowBody = components['schemas']['WindowBody'];
export type HeaderRetryAfter = components['headers']['Retry-After'];
export type HeaderXRequestId = components['headers']['X-Request-Id'];
export type $defs = Record<string, never>;
export interface operations {
    get_accounts_audit: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description The most entries to list. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_accounts_tokens: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description The most entries to list. */
                limit?: number;
                /** @description The user whose tokens are listed; for administrators. */
                user_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_accounts_users: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description The most entries to list. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_accounts_users_user_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_api_jobs: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description The device that runs or ran it, or to which it is pinned. */
                device?: string | null;
                /** @description Start (inclusive): ISO 8601 or epoch. */
                from?: string | null;
                /** @description The most entries to list. */
                limit?: number;
                /** @description The last n minutes; at most since 1970. */
                minutes?: number | null;
                model?: string | null;
                queue_tag?: string | null;
                /** @description The last n seconds; at most since 1970. */
                since_s?: number | null;
                status?: ("queued" | "running" | "cancelling" | "succeeded" | "cancelled" | "dead") | null;
                tag?: string | null;
                /** @description End (exclusive): ISO 8601 or epoch. */
                to?: string | null;
                /** @description The user whose jobs are listed; for administrators. */
                user_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_api_jobs_job_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_api_jobs_job_id_callbacks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_api_jobs_job_id_result: {
        parameters: {
            query?: {
                /** @description `text`: the output. */
                format?: "json" | "text" | "csv";
                /** @description Also return prompt, samples, telemetry and log. */
                full?: boolean;
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_devices: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description The most entries to list. */
                limit?: number;
                model?: string | null;
                present?: boolean | null;
                queue_tag?: string | null;
                ready?: boolean | null;
                state?: ("available" | "busy" | "offline" | "hot" | "low_battery" | "maintenance" | "unhealthy") | null;
                using?: boolean | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_devices_serial: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                serial: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_jobs_dlq: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description Where they failed. */
                device?: string | null;
                /** @description The code of their failure. */
                failure?: string | null;
                group_by?: ("failure" | "device") | null;
                /** @description The most entries to list. */
                limit?: number;
                model?: string | null;
                /** @description The user whose jobs are listed; for administrators. */
                user_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_usage: {
        parameters: {
            query?: {
                /** @description auto (about 50 buckets, fewer where there are many groups), minute, hour, day, or seconds. */
                bucket?: string;
                /** @description A condition by its name, as in `cond.quant=Q4_K_M`; `4` is the number and the text. May be repeated: any of the values; several names: all of them. */
                "cond.<name>"?: string[];
                /** @description The dataset that it belongs to. May be repeated: any of the values. */
                dataset?: string[];
                /** @description The device that it ran on. May be repeated: any of the values. */
                device?: string[];
                /** @description Percentiles from the rows (true), or from rollups where possible (false). By default the number of runs decides. */
                exact?: boolean | null;
                /** @description Labels of the extra metrics to return; by default the 100 most frequent. */
                extra?: string[];
                /** @description Start (inclusive): ISO 8601 or epoch. */
                from?: string | null;
                /** @description Up to three of device, model, tag, tenant, dataset, source_kind, cond.<name>, comma-separated. */
                group_by?: string | null;
                /** @description The last n minutes; at most since 1970. */
                minutes?: number | null;
                /** @description The model. May be repeated: any of the values. */
                model?: string[];
                /** @description Whether it succeeded. May be repeated: any of the values. */
                ok?: boolean[];
                /** @description Also return the newest N raw runs. */
                runs?: number;
                /** @description The last n seconds; at most since 1970. */
                since_s?: number | null;
                /** @description Where it comes from: dataset, job, gateway, import, or a word of yours. May be repeated: any of the values. */
                source_kind?: string[];
                /** @description Any label. May be repeated: any of the values. */
                tag?: string[];
                /** @description Whom it is counted for. May be repeated: any of the values. */
                tenant?: string[];
                /** @description End (exclusive): ISO 8601 or epoch. */
                to?: string | null;
                /** @description Of the groups only the N with the most runs in the window (of equal ones the first by name), and all others as one entry, which says `others` and how many `groups` they are. */
                top?: number | null;
                /** @description The IANA time zone in which days begin (Europe/Berlin); any other text: 400 `invalid_timezone`. */
                tz?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_usage_baselines: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description The most entries to list. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_usage_baselines_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_usage_changes: {
        parameters: {
            query?: {
                /** @description A condition by its name, as in `cond.quant=Q4_K_M`; `4` is the number and the text. May be repeated: any of the values; several names: all of them. */
                "cond.<name>"?: string[];
                /** @description The dataset that it belongs to. May be repeated: any of the values. */
                dataset?: string[];
                /** @description The device that it ran on. May be repeated: any of the values. */
                device?: string[];
                /** @description Start (inclusive): ISO 8601 or epoch. */
                from?: string | null;
                /** @description Up to three of device, model, tag, tenant, dataset, source_kind, cond.<name>, comma-separated. */
                group_by?: string | null;
                /** @description What is looked at, in successful runs. */
                metric?: "latency_ms" | "ttft_ms" | "tok_s";
                /** @description The last n minutes; at most since 1970. */
                minutes?: number | null;
                /** @description The model. May be repeated: any of the values. */
                model?: string[];
                /** @description Whether it succeeded. May be repeated: any of the values. */
                ok?: boolean[];
                /** @description The last n seconds; at most since 1970. */
                since_s?: number | null;
                /** @description Where it comes from: dataset, job, gateway, import, or a word of yours. May be repeated: any of the values. */
                source_kind?: string[];
                /** @description Any label. May be repeated: any of the values. */
                tag?: string[];
                /** @description Whom it is counted for. May be repeated: any of the values. */
                tenant?: string[];
                /** @description End (exclusive): ISO 8601 or epoch. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_usage_compare: {
        parameters: {
            query?: {
                /** @description `cond.<name>` of side a alone, in place of `cond.<name>`. */
                "a_cond.<name>"?: string[];
                /** @description `dataset` of side a alone, in place of `dataset`. */
                a_dataset?: string[];
                /** @description `device` of side a alone, in place of `device`. */
                a_device?: string[];
                /** @description `from` of side a alone, in place of `from`. */
                a_from?: string | null;
                /** @description `minutes` of side a alone, in place of `minutes`. */
                a_minutes?: number | null;
                /** @description `model` of side a alone, in place of `model`. */
                a_model?: string[];
                /** @description `ok` of side a alone, in place of `ok`. */
                a_ok?: boolean[];
                /** @description `since_s` of side a alone, in place of `since_s`. */
                a_since_s?: number | null;
                /** @description `source_kind` of side a alone, in place of `source_kind`. */
                a_source_kind?: string[];
                /** @description `tag` of side a alone, in place of `tag`. */
                a_tag?: string[];
                /** @description `tenant` of side a alone, in place of `tenant`. */
                a_tenant?: string[];
                /** @description `to` of side a alone, in place of `to`. */
                a_to?: string | null;
                /** @description `cond.<name>` of side b alone, in place of `cond.<name>`. */
                "b_cond.<name>"?: string[];
                /** @description `dataset` of side b alone, in place of `dataset`. */
                b_dataset?: string[];
                /** @description `device` of side b alone, in place of `device`. */
                b_device?: string[];
                /** @description `from` of side b alone, in place of `from`. */
                b_from?: string | null;
                /** @description `minutes` of side b alone, in place of `minutes`. */
                b_minutes?: number | null;
                /** @description `model` of side b alone, in place of `model`. */
                b_model?: string[];
                /** @description `ok` of side b alone, in place of `ok`. */
                b_ok?: boolean[];
                /** @description `since_s` of side b alone, in place of `since_s`. */
                b_since_s?: number | null;
                /** @description `source_kind` of side b alone, in place of `source_kind`. */
                b_source_kind?: string[];
                /** @description `tag` of side b alone, in place of `tag`. */
                b_tag?: string[];
                /** @description `tenant` of side b alone, in place of `tenant`. */
                b_tenant?: string[];
                /** @description `to` of side b alone, in place of `to`. */
                b_to?: string | null;
                /** @description A condition by its name, as in `cond.quant=Q4_K_M`; `4` is the number and the text. May be repeated: any of the values; several names: all of them. */
                "cond.<name>"?: string[];
                /** @description The dataset that it belongs to. May be repeated: any of the values. */
                dataset?: string[];
                /** @description The device that it ran on. May be repeated: any of the values. */
                device?: string[];
                /** @description Percentiles from the rows (true), or from rollups where possible (false). By default the number of runs decides. */
                exact?: boolean | null;
                /** @description Labels of the extra metrics to return; by default the 100 most frequent. */
                extra?: string[];
                /** @description Start (inclusive): ISO 8601 or epoch. */
                from?: string | null;
                /** @description The smallest effect that counts, in % of a's mean. */
                min_effect_pct?: number;
                /** @description The last n minutes; at most since 1970. */
                minutes?: number | null;
                /** @description The model. May be repeated: any of the values. */
                model?: string[];
                /** @description Whether it succeeded. May be repeated: any of the values. */
                ok?: boolean[];
                /** @description The last n seconds; at most since 1970. */
                since_s?: number | null;
                /** @description Where it comes from: dataset, job, gateway, import, or a word of yours. May be repeated: any of the values. */
                source_kind?: string[];
                /** @description Any label. May be repeated: any of the values. */
                tag?: string[];
                /** @description Whom it is counted for. May be repeated: any of the values. */
                tenant?: string[];
                /** @description End (exclusive): ISO 8601 or epoch. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_usage_export_csv: {
        parameters: {
            query?: {
                /** @description CSV: begin with a byte order mark, which older versions of Excel need. */
                bom?: boolean;
                /** @description A condition by its name, as in `cond.quant=Q4_K_M`; `4` is the number and the text. May be repeated: any of the values; several names: all of them. */
                "cond.<name>"?: string[];
                /** @description The dataset that it belongs to. May be repeated: any of the values. */
                dataset?: string[];
                /** @description The device that it ran on. May be repeated: any of the values. */
                device?: string[];
                /** @description `jsonl`: a run a line, as the import reads it. `parquet`: as stored. */
                format?: "csv" | "jsonl" | "parquet";
                /** @description Start (inclusive): ISO 8601 or epoch. */
                from?: string | null;
                /** @description CSV: prefix text that a spreadsheet would take for a formula with `'`. */
                guard?: boolean;
                /** @description The last n minutes; at most since 1970. */
                minutes?: number | null;
                /** @description The model. May be repeated: any of the values. */
                model?: string[];
                /** @description Whether it succeeded. May be repeated: any of the values. */
                ok?: boolean[];
                /** @description The last n seconds; at most since 1970. */
                since_s?: number | null;
                /** @description Where it comes from: dataset, job, gateway, import, or a word of yours. May be repeated: any of the values. */
                source_kind?: string[];
                /** @description Any label. May be repeated: any of the values. */
                tag?: string[];
                /** @description Whom it is counted for. May be repeated: any of the values. */
                tenant?: string[];
                /** @description End (exclusive): ISO 8601 or epoch. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_usage_summary: {
        parameters: {
            query?: {
                /** @description A condition by its name, as in `cond.quant=Q4_K_M`; `4` is the number and the text. May be repeated: any of the values; several names: all of them. */
                "cond.<name>"?: string[];
                /** @description The dataset that it belongs to. May be repeated: any of the values. */
                dataset?: string[];
                /** @description The device that it ran on. May be repeated: any of the values. */
                device?: string[];
                /** @description Percentiles from the rows (true), or from rollups where possible (false). By default the number of runs decides. */
                exact?: boolean | null;
                /** @description Labels of the extra metrics to return; by default the 100 most frequent. */
                extra?: string[];
                /** @description Start (inclusive): ISO 8601 or epoch. */
                from?: string | null;
                /** @description The last n minutes; at most since 1970. */
                minutes?: number | null;
                /** @description The model. May be repeated: any of the values. */
                model?: string[];
                /** @description Whether it succeeded. May be repeated: any of the values. */
                ok?: boolean[];
                /** @description The last n seconds; at most since 1970. */
                since_s?: number | null;
                /** @description Where it comes from: dataset, job, gateway, import, or a word of yours. May be repeated: any of the values. */
                source_kind?: string[];
                /** @description Any label. May be repeated: any of the values. */
                tag?: string[];
                /** @description Whom it is counted for. May be repeated: any of the values. */
                tenant?: string[];
                /** @description End (exclusive): ISO 8601 or epoch. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_user_data_get: {
        parameters: {
            query: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description The dataset's name. */
                dataset: string;
                /** @description The format of the rows. */
                format?: "json" | "jsonl" | "csv";
                /** @description Prefix CSV text that a spreadsheet would take for a formula with `'`. */
                guard?: boolean;
                /** @description Rows, at most (default 1000). */
                limit?: number | null;
                /** @description Append order, or newest first. */
                order?: "asc" | "desc";
                /** @description The last N rows, in append order. */
                tail?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_user_data_get_adapter: {
        parameters: {
            query: {
                /** @description The dataset's name. */
                dataset: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_user_data_list: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description The most entries to list. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_user_data_metrics: {
        parameters: {
            query: {
                /** @description The dataset's name. */
                dataset: string;
                /** @description May be repeated: any of the values. */
                device?: string[];
                /** @description Start (inclusive): ISO 8601 or epoch. */
                from?: string | null;
                /** @description The most points of a series. */
                max_points?: number;
                /** @description The last n minutes; at most since 1970. */
                minutes?: number | null;
                /** @description May be repeated: any of the values. */
                model?: string[];
                /** @description The last n seconds; at most since 1970. */
                since_s?: number | null;
                /** @description Also gives each series by device or by model. */
                split?: ("device" | "model") | null;
                /** @description End (exclusive): ISO 8601 or epoch. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_v1_models_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its name; a slash in it may be percent-encoded. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
}

export const USAGE_PARAMETERS = ["minutes","since_s","from","to","device","model","tag","tenant","ok","dataset","source_kind","cond.<name>","exact","extra"] as const;
