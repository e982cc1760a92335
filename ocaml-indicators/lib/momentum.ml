open! Import

(* Below this, average gain and loss together count as no movement (TA-Lib's TA_IS_ZERO). *)
let still = 1e-14

let changes x =
  Array.mapi (fun i value -> if i = 0 then Series.absent else value -. x.(i - 1)) x

let strength gain loss = if gain +. loss < still then 0.0 else 100.0 *. (gain /. (gain +. loss))
let gain change = Float.max 0.0 change
let loss change = Float.max 0.0 (Float.neg change)

let rsi ~period x =
  let change = changes x in
  let part keep = Array.map (fun d -> if Series.is_absent d then d else keep d) change in
  Series.map2 strength (Averages.wilder ~period (part gain)) (Averages.wilder ~period (part loss))

let without_first count x = Array.mapi (fun i value -> if i < count then Series.absent else value) x

let macd ~fast ~slow ~signal x =
  let fast, slow = (min fast slow, max fast slow) in
  let quick = Averages.ema ~period:fast (without_first (slow - fast) x) in
  let line = Series.map2 ( -. ) quick (Averages.ema ~period:slow x) in
  let average = Averages.ema ~period:signal line in
  let histogram = Series.map2 ( -. ) line average in
  (without_first (slow + signal - 2) line, average, histogram)

let roc ~period x =
  Array.mapi
    (fun i value ->
      if i < period then Series.absent
      else if x.(i - period) = 0.0 then 0.0
      else 100.0 *. ((value /. x.(i - period)) -. 1.0))
    x
