open! Import

type rows = float array list

let no_values count = Array.make count Series.absent

(* Only the bars that a value depends on are kept, and the function over whole series is asked about them. *)
let window (indicator : Registry.t) parameter length =
  let count = List.length indicator.inputs in
  let fits rows =
    List.length rows = count
    && List.for_all (fun row -> Array.length row = Array.length (List.hd rows) && Array.length row <= length) rows
  in
  let push row value =
    let size = Array.length row in
    if size < length then Array.append row [| value |] else Array.append (Array.sub row 1 (size - 1)) [| value |]
  in
  let step rows bar =
    let rows = List.mapi (fun i row -> push row bar.(i)) rows in
    let named = List.combine indicator.inputs rows in
    let results = indicator.compute parameter (fun name -> List.assoc name named) in
    (rows, Array.of_list (List.map (fun x -> x.(Array.length x - 1)) results))
  in
  (List.init count (fun _ -> [||]), fits, step)

(* A mean that is seeded by the mean of its first [period] values: [count; values] until then, [period; mean] after. *)
let unseeded = [| 0.0 |]

let fits_seeded ~period row =
  Array.length row > 0
  && Float.is_integer row.(0)
  && row.(0) >= 0.0
  && Array.length row = if row.(0) < float_of_int period then 1 + int_of_float row.(0) else 2

let seeded ~period next row value =
  let seen = int_of_float row.(0) in
  if Series.is_absent value then (row, Series.absent)
  else if seen >= period then
    let mean = next row.(1) value in
    ([| row.(0); mean |], mean)
  else
    let values = Array.append (Array.sub row 1 seen) [| value |] in
    if seen + 1 < period then (Array.append [| float_of_int (seen + 1) |] values, Series.absent)
    else
      let mean = Series.mean values ~first:0 ~length:period in
      ([| float_of_int period; mean |], mean)

let ema ~period = seeded ~period (Averages.ema_step ~period)
let wilder ~period = seeded ~period (Averages.wilder_step ~period)
let misfit = Invalid_argument "rows of another indicator"
let is_number_or_none row = Array.length row <= 1

let one_ema ~period =
  let step rows bar =
    match rows with
    | [ row ] ->
        let row, value = ema ~period row bar.(0) in
        ([ row ], [| value |])
    | _ -> raise misfit
  in
  ([ unseeded ], (function [ row ] -> fits_seeded ~period row | _ -> false), step)

let rsi ~period =
  let fits = function
    | [ last; gains; losses ] ->
        is_number_or_none last && fits_seeded ~period gains && fits_seeded ~period losses
    | _ -> false
  in
  let step rows bar =
    match rows with
    | [ [||]; gains; losses ] -> ([ bar; gains; losses ], no_values 1)
    | [ last; gains; losses ] ->
        let change = bar.(0) -. last.(0) in
        let gains, gain = wilder ~period gains (Momentum.gain change) in
        let losses, loss = wilder ~period losses (Momentum.loss change) in
        let value = if Series.is_absent gain then gain else Momentum.strength gain loss in
        ([ bar; gains; losses ], [| value |])
    | _ -> raise misfit
  in
  ([ [||]; unseeded; unseeded ], fits, step)

let macd ~fast ~slow ~signal =
  let fast, slow = (min fast slow, max fast slow) in
  let fits = function
    | [ [| skipped |]; quick; lazy_; average ] ->
        Float.is_integer skipped && fits_seeded ~period:fast quick && fits_seeded ~period:slow lazy_
        && fits_seeded ~period:signal average
    | _ -> false
  in
  let step rows bar =
    match rows with
    | [ [| skipped |]; quick; lazy_; average ] ->
        let is_late = skipped >= float_of_int (slow - fast) in
        let quick, a = if is_late then ema ~period:fast quick bar.(0) else (quick, Series.absent) in
        let lazy_, b = ema ~period:slow lazy_ bar.(0) in
        let line = a -. b in
        let average, mean = ema ~period:signal average line in
        let skipped = if is_late then skipped else skipped +. 1.0 in
        let values = if Series.is_absent mean then no_values 3 else [| line; mean; line -. mean |] in
        ([ [| skipped |]; quick; lazy_; average ], values)
    | _ -> raise misfit
  in
  ([ [| 0.0 |]; unseeded; unseeded; unseeded ], fits, step)

(* The mean true range behind one bar more; [last] is the close before it, or empty. *)
let range_step ~period last range bar =
  if Array.length last = 0 then (range, Series.absent)
  else wilder ~period range (Spread.reach ~before:last.(0) ~high:bar.(0) ~low:bar.(1))

let atr ~period =
  let fits = function [ last; range ] -> is_number_or_none last && fits_seeded ~period range | _ -> false in
  let step rows bar =
    match rows with
    | [ last; range ] ->
        let range, value = range_step ~period last range bar in
        ([ [| bar.(2) |]; range ], [| value |])
    | _ -> raise misfit
  in
  ([ [||]; unseeded ], fits, step)

let keltner ~period ~multiplier ~atr_period =
  let fits = function
    | [ last; range; mean ] ->
        is_number_or_none last && fits_seeded ~period:atr_period range && fits_seeded ~period mean
    | _ -> false
  in
  let step rows bar =
    match rows with
    | [ last; range; mean ] ->
        let range, reach = range_step ~period:atr_period last range bar in
        let mean, middle = ema ~period mean bar.(2) in
        let width = multiplier *. reach in
        let is_warm = not (Series.is_absent width || Series.is_absent middle) in
        let values = if is_warm then [| middle +. width; middle; middle -. width |] else no_values 3 in
        ([ [| bar.(2) |]; range; mean ], values)
    | _ -> raise misfit
  in
  ([ [||]; unseeded; unseeded ], fits, step)

let adx ~period =
  let row (t : Trend.t) =
    [| float_of_int t.seen; t.last.high; t.last.low; t.last.close; t.plus; t.minus; t.range; t.index |]
  in
  let step rows bar =
    let bar = { Trend.high = bar.(0); low = bar.(1); close = bar.(2) } in
    match rows with
    | [ [||] ] -> ([ row (Trend.start bar) ], no_values 3)
    | [ [| seen; high; low; close; plus; minus; range; index |] ] ->
        let last = { Trend.high; low; close } in
        let t = { Trend.seen = int_of_float seen; last; plus; minus; range; index } in
        let t, found = Trend.step ~period t bar in
        let values =
          match found with Some (index, plus, minus) -> [| index; plus; minus |] | None -> no_values 3
        in
        ([ row t ], values)
    | _ -> raise misfit
  in
  let fits = function
    | [ [||] ] -> true
    | [ row ] -> Array.length row = 8 && Float.is_integer row.(0) && row.(0) >= 1.0
    | _ -> false
  in
  ([ [||] ], fits, step)

let obv =
  let step rows bar =
    let change, total =
      match rows with
      | [ [||] ] -> (1.0, 0.0)
      | [ [| last; total |] ] -> (bar.(0) -. last, total)
      | _ -> raise misfit
    in
    let total = Flow.balance total ~change ~volume:bar.(1) in
    ([ [| bar.(0); total |] ], [| total |])
  in
  ([ [||] ], (function [ row ] -> Array.length row = 0 || Array.length row = 2 | _ -> false), step)

let vwap_of_day =
  let step rows bar =
    let today = Flow.day bar.(0) and volume = bar.(4) in
    let traded = Flow.traded ~high:bar.(1) ~low:bar.(2) ~close:bar.(3) ~volume in
    let sum, weight =
      match rows with
      | [ [| day; a; b; c; d |] ] when day = today -> ((a, b), (c, d))
      | [ _ ] -> ((0.0, 0.0), (0.0, 0.0))
      | _ -> raise misfit
    in
    let (a, b) = Series.add sum traded and (c, d) = Series.add weight volume in
    ([ [| today; a; b; c; d |] ], [| Flow.price ~traded:(a +. b) ~volume:(c +. d) |])
  in
  ([ [||] ], (function [ row ] -> Array.length row = 0 || Array.length row = 5 | _ -> false), step)

let find (indicator : Registry.t) parameter =
  let whole name = int_of_float (parameter name) in
  let period () = whole "period" in
  let window = window indicator parameter in
  match indicator.name with
  | "ema" -> one_ema ~period:(period ())
  | "rsi" -> rsi ~period:(period ())
  | "macd" -> macd ~fast:(whole "fast") ~slow:(whole "slow") ~signal:(whole "signal")
  | "atr" -> atr ~period:(period ())
  | "keltner" ->
      keltner ~period:(period ()) ~multiplier:(parameter "multiplier") ~atr_period:(whole "atr_period")
  | "adx" -> adx ~period:(period ())
  | "obv" -> obv
  | "vwap" when period () = 0 -> vwap_of_day
  | "roc" | "highest" | "lowest" | "avg_volume" -> window (period () + 1)
  | "stochastic" -> window (whole "k" + whole "smooth" + whole "d" - 2)
  | _ -> window (period ())
