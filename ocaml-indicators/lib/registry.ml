open! Import

type parameter = {
  name : string;
  minimum : float;
  maximum : float;
  default : float option;
  is_integer : bool;
}

type t = {
  name : string;
  summary : string;
  parameters : parameter list;
  inputs : string list;
  outputs : string list;
  compute : (string -> float) -> (string -> Series.t) -> Series.t list;
}

let longest = 100_000.0

let whole ?(minimum = 1.0) ?default name =
  { name; minimum; maximum = longest; default; is_integer = true }

let number ~default name = { name; minimum = 0.0; maximum = 100.0; default = Some default; is_integer = false }
let period ?minimum ?default () = whole ?minimum ?default "period"
let hlc = [ "high"; "low"; "close" ]
let pair (a, b) = [ a; b ]
let triple (a, b, c) = [ a; b; c ]

let make name summary parameters inputs outputs compute =
  let compute parameter column = compute (fun name -> int_of_float (parameter name)) parameter column in
  { name; summary; parameters; inputs; outputs; compute }

let closes name summary parameters outputs compute =
  make name summary parameters [ "close" ] outputs (fun int number column -> compute int number (column "close"))

let bars name summary parameters outputs compute =
  make name summary parameters hlc outputs (fun int number column ->
      compute int number ~high:(column "high") ~low:(column "low") ~close:(column "close"))

let averages =
  let average name summary f =
    closes name summary [ period () ] [ name ] (fun int _ x -> [ f ~period:(int "period") x ])
  in
  [
    average "sma" "simple moving average" Averages.sma;
    average "ema" "exponential moving average" Averages.ema;
    average "wma" "weighted moving average" Averages.wma;
    average "stddev" "population standard deviation" Spread.stddev;
  ]

let momentum =
  [
    closes "rsi" "relative strength index" [ period ~minimum:2.0 ~default:14.0 () ] [ "rsi" ] (fun int _ x ->
        [ Momentum.rsi ~period:(int "period") x ]);
    closes "macd" "moving average convergence/divergence"
      [ whole ~minimum:2.0 ~default:12.0 "fast"; whole ~minimum:2.0 ~default:26.0 "slow"; whole ~default:9.0 "signal" ]
      [ "macd"; "signal"; "histogram" ]
      (fun int _ x -> triple (Momentum.macd ~fast:(int "fast") ~slow:(int "slow") ~signal:(int "signal") x));
    closes "roc" "rate of change, percent" [ period ~default:10.0 () ] [ "roc" ] (fun int _ x ->
        [ Momentum.roc ~period:(int "period") x ]);
  ]

let spreads =
  [
    closes "bollinger" "Bollinger bands" [ period ~default:20.0 (); number ~default:2.0 "deviations" ]
      [ "upper"; "middle"; "lower" ]
      (fun int number x -> triple (Spread.bollinger ~period:(int "period") ~deviations:(number "deviations") x));
    bars "atr" "average true range" [ period ~default:14.0 () ] [ "atr" ] (fun int _ ~high ~low ~close ->
        [ Spread.atr ~period:(int "period") ~high ~low ~close ]);
    bars "keltner" "Keltner channel"
      [ period ~default:20.0 (); number ~default:2.0 "multiplier"; whole ~default:10.0 "atr_period" ]
      [ "upper"; "middle"; "lower" ]
      (fun int number ~high ~low ~close ->
        let multiplier = number "multiplier" and atr_period = int "atr_period" in
        triple (Spread.keltner ~period:(int "period") ~multiplier ~atr_period ~high ~low ~close));
    make "donchian" "Donchian channel" [ period ~default:20.0 () ] [ "high"; "low" ] [ "upper"; "middle"; "lower" ]
      (fun int _ column ->
        triple (Spread.donchian ~period:(int "period") ~high:(column "high") ~low:(column "low")));
  ]

let channels =
  [
    bars "stochastic" "stochastic oscillator"
      [ whole ~default:14.0 "k"; whole ~default:3.0 "d"; whole ~default:3.0 "smooth" ]
      [ "k"; "d" ]
      (fun int _ ~high ~low ~close ->
        pair (Channel.stochastic ~k:(int "k") ~d:(int "d") ~smooth:(int "smooth") ~high ~low ~close));
    make "highest" "highest high before this bar" [ period () ] [ "high" ] [ "highest" ] (fun int _ column ->
        [ Channel.highest ~period:(int "period") ~high:(column "high") ]);
    make "lowest" "lowest low before this bar" [ period () ] [ "low" ] [ "lowest" ] (fun int _ column ->
        [ Channel.lowest ~period:(int "period") ~low:(column "low") ]);
    make "avg_volume" "mean volume before this bar" [ period () ] [ "volume" ] [ "avg_volume" ]
      (fun int _ column -> [ Channel.avg_volume ~period:(int "period") ~volume:(column "volume") ]);
  ]

let trends =
  [
    bars "adx" "average directional index" [ period ~minimum:2.0 ~default:14.0 () ]
      [ "adx"; "plus_di"; "minus_di" ]
      (fun int _ ~high ~low ~close -> triple (Trend.adx ~period:(int "period") ~high ~low ~close));
    bars "cci" "commodity channel index" [ period ~minimum:2.0 ~default:20.0 () ] [ "cci" ]
      (fun int _ ~high ~low ~close -> [ Trend.cci ~period:(int "period") ~high ~low ~close ]);
  ]

let flows =
  [
    make "obv" "on-balance volume" [] [ "close"; "volume" ] [ "obv" ] (fun _ _ column ->
        [ Flow.obv ~close:(column "close") ~volume:(column "volume") ]);
    make "vwap" "volume-weighted average price; period 0 counts from the day's beginning"
      [ period ~minimum:0.0 ~default:0.0 () ]
      [ "timestamp"; "high"; "low"; "close"; "volume" ]
      [ "vwap" ]
      (fun int _ column ->
        let timestamp = column "timestamp" and volume = column "volume" in
        let high = column "high" and low = column "low" and close = column "close" in
        [ Flow.vwap ~period:(int "period") ~timestamp ~high ~low ~close ~volume ]);
  ]

let all =
  let named = averages @ momentum @ spreads @ channels @ trends @ flows in
  List.sort (fun (a : t) (b : t) -> String.compare a.name b.name) named

let find name = List.find_opt (fun (indicator : t) -> indicator.name = name) all
